package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * BTF, the kernel's own description of its types: its functions, its tracepoints and the values of
 * its enumerators. The layouts are those of {@code include/uapi/linux/btf.h}. Not thread-safe.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class KernelBtf implements AutoCloseable {

  private static final int KIND_STRUCT = 4;
  private static final int KIND_ENUM = 6;
  private static final int KIND_TYPEDEF = 8;
  private static final int KIND_FUNC = 12;

  /** struct btf_type: name_off, info, size or type. The data that follows depends on the kind. */
  private static final int TYPE_BYTES = 12;

  private static final int ENUM_BYTES = 8;
  private static final int MEMBER_BYTES = 12;

  private final LibBpf lib;
  private final MemorySegment btf;
  private boolean closed;

  private KernelBtf(LibBpf lib, MemorySegment btf) {
    this.lib = lib;
    this.btf = btf;
  }

  /**
   * Reads the running kernel's BTF.
   *
   * @throws KernelException if the kernel has no BTF
   */
  public static KernelBtf ofRunningKernel(LibBpf lib) {
    var btf = Native.pointer(lib.btfLoadVmlinux.call());
    return opened(lib, btf, "the kernel's BTF cannot be read");
  }

  /**
   * Reads the BTF of an object file. Needs no kernel support and no privilege.
   *
   * @throws KernelException if the file has no BTF
   */
  public static KernelBtf ofObjectFile(LibBpf lib, String path) {
    try (Arena arena = Arena.ofConfined()) {
      var btf = Native.pointer(lib.btfParseElf.call(arena.allocateFrom(path).address(), 0));
      return opened(lib, btf, "no BTF in " + path);
    }
  }

  /** Returns whether the kernel has a function of this name that BTF describes. */
  public boolean hasFunction(String name) {
    return functionId(name) > 0;
  }

  /**
   * Returns the number of a function in the BTF; 0 or less if the BTF has no function of this name.
   */
  int functionId(String name) {
    return find(name, KIND_FUNC);
  }

  /**
   * Returns whether the kernel has a tracepoint of this name. BTF has a typedef of the handler's
   * type for each tracepoint.
   */
  public boolean hasTracepoint(String name) {
    return find("btf_trace_" + name, KIND_TYPEDEF) > 0;
  }

  /** Returns the enumerators of {@code enum name} by value; empty if there is no such enum. */
  public Map<Integer, String> enumerators(String name) {
    var result = new LinkedHashMap<Integer, String>();
    type(name, KIND_ENUM)
        .ifPresent(
            type -> {
              for (int i = 0; i < length(type); i++) {
                long at = TYPE_BYTES + (long) i * ENUM_BYTES;
                result.put(type.get(INT, at + 4), name(type.get(INT, at)));
              }
            });
    return result;
  }

  /**
   * Returns the byte offsets of the members of {@code struct name}; empty if there is no such
   * struct.
   */
  public Map<String, Integer> memberOffsets(String name) {
    var result = new LinkedHashMap<String, Integer>();
    type(name, KIND_STRUCT)
        .ifPresent(
            type -> {
              for (int i = 0; i < length(type); i++) {
                long at = TYPE_BYTES + (long) i * MEMBER_BYTES;
                result.put(name(type.get(INT, at)), type.get(INT, at + 8) / Byte.SIZE);
              }
            });
    return result;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      lib.btfFree.call(btf.address());
    }
  }

  private int find(String name, int kind) {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          lib.btfFindByNameKind.call(btf.address(), arena.allocateFrom(name).address(), kind);
    }
  }

  private Optional<MemorySegment> type(String name, int kind) {
    int id = find(name, kind);
    if (id <= 0) {
      return Optional.empty();
    }
    var type = Native.pointer(lib.btfTypeById.call(btf.address(), id));
    return Optional.of(type.reinterpret(Long.MAX_VALUE));
  }

  /** Returns the number of members or enumerators: the lower 16 bits of info. */
  private static int length(MemorySegment type) {
    return type.get(INT, 4) & 0xffff;
  }

  private String name(int offset) {
    return Native.string(Native.pointer(lib.btfNameByOffset.call(btf.address(), offset)));
  }

  private static KernelBtf opened(LibBpf lib, MemorySegment btf, String failure) {
    if (btf.address() == 0) {
      throw new KernelException(failure, Native.errno());
    }
    return new KernelBtf(lib, btf);
  }
}

package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;
import static org.kmodwatch.sensor.kernel.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The functions of libbpf 1.x that are used here, by hand: the source is {@code libbpf.h} and
 * {@code btf.h}. Not on any hot path: the ring is read without libbpf. Safe for use by one thread
 * at a time.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class LibBpf {

  private static final String LIBRARY = "libbpf.so.1";
  private static final int MESSAGES_MAX_CHARS = 1 << 16;
  private static final int LEVEL_WARN = 0;

  final MethodHandle objectOpenMem;
  final MethodHandle objectLoad;
  final MethodHandle objectClose;
  final MethodHandle objectNextProgram;
  final MethodHandle objectFindMapByName;
  final MethodHandle programName;
  final MethodHandle programSectionName;
  final MethodHandle programSetAutoload;
  final MethodHandle programAttach;
  final MethodHandle programAttachCgroup;
  final MethodHandle linkDestroy;
  final MethodHandle mapFd;
  final MethodHandle mapSetMaxEntries;
  final MethodHandle mapSetInitialValue;
  final MethodHandle mapLookupElem;
  final MethodHandle mapUpdateElem;
  final MethodHandle mapDeleteElem;
  final MethodHandle mapGetNextKey;
  final MethodHandle infoByFd;
  final MethodHandle programFd;
  final MethodHandle linkFd;
  final MethodHandle objPin;
  final MethodHandle objGet;
  final MethodHandle openFd;
  final MethodHandle closeFd;
  final MethodHandle numPossibleCpus;
  final MethodHandle btfLoadVmlinux;
  final MethodHandle btfParseElf;
  final MethodHandle btfFree;
  final MethodHandle btfFindByNameKind;
  final MethodHandle btfTypeById;
  final MethodHandle btfNameByOffset;
  private final MethodHandle vasprintf;
  private final MethodHandle free;
  private final StringBuilder messages = new StringBuilder();

  private LibBpf(SymbolLookup lib) {
    var pointerOfPointer = FunctionDescriptor.of(POINTER, POINTER);
    var intOfPointer = FunctionDescriptor.of(INT, POINTER);
    objectOpenMem =
        Native.capturing(
            lib, "bpf_object__open_mem", FunctionDescriptor.of(POINTER, POINTER, LONG, POINTER));
    objectLoad = Native.function(lib, "bpf_object__load", intOfPointer);
    objectClose = Native.function(lib, "bpf_object__close", FunctionDescriptor.ofVoid(POINTER));
    objectNextProgram =
        Native.function(
            lib, "bpf_object__next_program", FunctionDescriptor.of(POINTER, POINTER, POINTER));
    objectFindMapByName =
        Native.function(
            lib, "bpf_object__find_map_by_name", FunctionDescriptor.of(POINTER, POINTER, POINTER));
    programName = Native.function(lib, "bpf_program__name", pointerOfPointer);
    programSectionName = Native.function(lib, "bpf_program__section_name", pointerOfPointer);
    programSetAutoload =
        Native.function(
            lib,
            "bpf_program__set_autoload",
            FunctionDescriptor.of(INT, POINTER, ValueLayout.JAVA_BOOLEAN));
    programAttach = Native.capturing(lib, "bpf_program__attach", pointerOfPointer);
    programAttachCgroup =
        Native.capturing(
            lib, "bpf_program__attach_cgroup", FunctionDescriptor.of(POINTER, POINTER, INT));
    linkDestroy = Native.function(lib, "bpf_link__destroy", intOfPointer);
    mapFd = Native.function(lib, "bpf_map__fd", intOfPointer);
    mapSetMaxEntries =
        Native.function(lib, "bpf_map__set_max_entries", FunctionDescriptor.of(INT, POINTER, INT));
    mapSetInitialValue =
        Native.function(
            lib, "bpf_map__set_initial_value", FunctionDescriptor.of(INT, POINTER, POINTER, LONG));
    mapLookupElem =
        Native.capturing(
            lib, "bpf_map_lookup_elem", FunctionDescriptor.of(INT, INT, POINTER, POINTER));
    mapUpdateElem =
        Native.capturing(
            lib, "bpf_map_update_elem", FunctionDescriptor.of(INT, INT, POINTER, POINTER, LONG));
    mapDeleteElem =
        Native.capturing(lib, "bpf_map_delete_elem", FunctionDescriptor.of(INT, INT, POINTER));
    mapGetNextKey =
        Native.capturing(
            lib, "bpf_map_get_next_key", FunctionDescriptor.of(INT, INT, POINTER, POINTER));
    infoByFd =
        Native.capturing(
            lib, "bpf_obj_get_info_by_fd", FunctionDescriptor.of(INT, INT, POINTER, POINTER));
    programFd = Native.function(lib, "bpf_program__fd", intOfPointer);
    linkFd = Native.function(lib, "bpf_link__fd", intOfPointer);
    objPin = Native.capturing(lib, "bpf_obj_pin", FunctionDescriptor.of(INT, INT, POINTER));
    objGet = Native.capturing(lib, "bpf_obj_get", FunctionDescriptor.of(INT, POINTER));
    openFd = Native.capturing(Native.libc(), "open", FunctionDescriptor.of(INT, POINTER, INT));
    closeFd = Native.function(Native.libc(), "close", FunctionDescriptor.of(INT, INT));
    numPossibleCpus = Native.function(lib, "libbpf_num_possible_cpus", FunctionDescriptor.of(INT));
    btfLoadVmlinux = Native.capturing(lib, "btf__load_vmlinux_btf", FunctionDescriptor.of(POINTER));
    btfParseElf =
        Native.capturing(lib, "btf__parse_elf", FunctionDescriptor.of(POINTER, POINTER, POINTER));
    btfFree = Native.function(lib, "btf__free", FunctionDescriptor.ofVoid(POINTER));
    btfFindByNameKind =
        Native.function(
            lib, "btf__find_by_name_kind", FunctionDescriptor.of(INT, POINTER, POINTER, INT));
    btfTypeById =
        Native.function(lib, "btf__type_by_id", FunctionDescriptor.of(POINTER, POINTER, INT));
    btfNameByOffset =
        Native.function(lib, "btf__name_by_offset", FunctionDescriptor.of(POINTER, POINTER, INT));
    vasprintf =
        Native.function(
            Native.libc(), "vasprintf", FunctionDescriptor.of(INT, POINTER, POINTER, POINTER));
    free = Native.function(Native.libc(), "free", FunctionDescriptor.ofVoid(POINTER));
    collectMessages(lib);
  }

  /**
   * Binds libbpf.
   *
   * @throws KernelException if the library or one of the functions is not there
   */
  public static LibBpf load() {
    try {
      return new LibBpf(SymbolLookup.libraryLookup(LIBRARY, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw new KernelException(LIBRARY + " was not found", e);
    } catch (java.util.NoSuchElementException e) {
      throw new KernelException(
          LIBRARY + " is too old, 1.0 or newer is needed: " + e.getMessage(), e);
    }
  }

  /** What libbpf has complained of since the last call, one message a line; for error messages. */
  String takeMessages() {
    String text = messages.toString().strip();
    messages.setLength(0);
    return text;
  }

  /** Has libbpf's warnings kept here instead of written to standard error. */
  private void collectMessages(SymbolLookup lib) {
    try {
      MethodHandle target =
          MethodHandles.lookup()
              .bind(
                  this,
                  "onMessage",
                  MethodType.methodType(
                      int.class, int.class, MemorySegment.class, MemorySegment.class));
      MemorySegment callback =
          Native.linker()
              .upcallStub(
                  target, FunctionDescriptor.of(INT, INT, POINTER, POINTER), Arena.global());
      var setPrint =
          Native.function(lib, "libbpf_set_print", FunctionDescriptor.of(POINTER, POINTER));
      var previous = (MemorySegment) setPrint.invokeExact(callback);
      assert previous != null;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Called by libbpf with a printf format and its va_list, which both on x86-64 and on arm64 is
   * passed by address. Nothing may be thrown into C.
   */
  @SuppressWarnings("unused")
  private int onMessage(int level, MemorySegment format, MemorySegment arguments) {
    if (level > LEVEL_WARN) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(POINTER);
      int length = (int) vasprintf.invokeExact(text, format, arguments);
      if (length >= 0) {
        MemorySegment start = text.get(POINTER, 0);
        append(Native.string(start));
        free.invokeExact(start);
      }
    } catch (Throwable t) {
      messages.append("a message of libbpf could not be formatted: ").append(t).append('\n');
    }
    return 0;
  }

  /** A verifier log can be megabytes long, and its end is what says why: the end is kept. */
  private void append(String text) {
    messages.append(text);
    if (messages.length() > MESSAGES_MAX_CHARS) {
      messages.delete(0, messages.length() - MESSAGES_MAX_CHARS);
    }
  }
}

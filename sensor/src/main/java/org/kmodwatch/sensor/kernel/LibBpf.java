package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The functions of libbpf 1.x that are used here, bound by hand after {@code libbpf.h} and {@code
 * btf.h}. They are on no hot path: the ring is read without libbpf. One thread at a time may use
 * it.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class LibBpf {

  private static final String LIBRARY = "libbpf.so.1";

  /** O_RDONLY | O_CLOEXEC. */
  private static final int READ_FLAGS = 0x80000;

  private static final int MESSAGES_MAX_CHARS = 1 << 16;
  private static final int LEVEL_WARN = 0;

  final CFunction objectOpenMem;
  final CFunction objectLoad;
  final CFunction objectClose;
  final CFunction objectNextProgram;
  final CFunction objectFindMapByName;
  final CFunction programName;
  final CFunction programSectionName;
  final CFunction programSetAutoload;
  final CFunction programAttach;
  final CFunction programAttachCgroup;
  final CFunction linkDestroy;
  final CFunction mapFd;
  final CFunction mapSetMaxEntries;
  final CFunction mapSetInitialValue;
  final CFunction mapLookupElem;
  final CFunction mapUpdateElem;
  final CFunction mapDeleteElem;
  final CFunction mapGetNextKey;
  final CFunction mapFreeze;
  final CFunction infoByFd;
  final CFunction programLoad;
  final CFunction programFd;
  final CFunction linkFd;
  final CFunction objPin;
  final CFunction objGet;
  final CFunction numPossibleCpus;
  final CFunction btfLoadVmlinux;
  final CFunction btfParseElf;
  final CFunction btfFree;
  final CFunction btfFindByNameKind;
  final CFunction btfTypeById;
  final CFunction btfNameByOffset;
  private final CFunction vasprintf;
  private final CFunction free;
  private final StringBuilder messages = new StringBuilder();

  private LibBpf(SymbolLookup lib) {
    objectOpenMem = CFunction.of(lib, "bpf_object__open_mem");
    objectLoad = CFunction.of(lib, "bpf_object__load");
    objectClose = CFunction.of(lib, "bpf_object__close");
    objectNextProgram = CFunction.of(lib, "bpf_object__next_program");
    objectFindMapByName = CFunction.of(lib, "bpf_object__find_map_by_name");
    programName = CFunction.of(lib, "bpf_program__name");
    programSectionName = CFunction.of(lib, "bpf_program__section_name");
    programSetAutoload = CFunction.of(lib, "bpf_program__set_autoload");
    programAttach = CFunction.of(lib, "bpf_program__attach");
    programAttachCgroup = CFunction.of(lib, "bpf_program__attach_cgroup");
    linkDestroy = CFunction.of(lib, "bpf_link__destroy");
    mapFd = CFunction.of(lib, "bpf_map__fd");
    mapSetMaxEntries = CFunction.of(lib, "bpf_map__set_max_entries");
    mapSetInitialValue = CFunction.of(lib, "bpf_map__set_initial_value");
    mapLookupElem = CFunction.of(lib, "bpf_map_lookup_elem");
    mapUpdateElem = CFunction.of(lib, "bpf_map_update_elem");
    mapDeleteElem = CFunction.of(lib, "bpf_map_delete_elem");
    mapGetNextKey = CFunction.of(lib, "bpf_map_get_next_key");
    mapFreeze = CFunction.of(lib, "bpf_map_freeze");
    infoByFd = CFunction.of(lib, "bpf_obj_get_info_by_fd");
    programLoad = CFunction.of(lib, "bpf_prog_load");
    programFd = CFunction.of(lib, "bpf_program__fd");
    linkFd = CFunction.of(lib, "bpf_link__fd");
    objPin = CFunction.of(lib, "bpf_obj_pin");
    objGet = CFunction.of(lib, "bpf_obj_get");
    numPossibleCpus = CFunction.of(lib, "libbpf_num_possible_cpus");
    btfLoadVmlinux = CFunction.of(lib, "btf__load_vmlinux_btf");
    btfParseElf = CFunction.of(lib, "btf__parse_elf");
    btfFree = CFunction.of(lib, "btf__free");
    btfFindByNameKind = CFunction.of(lib, "btf__find_by_name_kind");
    btfTypeById = CFunction.of(lib, "btf__type_by_id");
    btfNameByOffset = CFunction.of(lib, "btf__name_by_offset");
    vasprintf = CFunction.of(Native.libc(), "vasprintf");
    free = CFunction.of(Native.libc(), "free");
    collectMessages(lib);
  }

  /**
   * Binds libbpf.
   *
   * @throws KernelException if the library cannot be opened, or lacks one of the functions
   */
  public static LibBpf load() {
    try {
      return new LibBpf(SymbolLookup.libraryLookup(LIBRARY, Arena.global()));
    } catch (IllegalArgumentException e) {
      throw notOpened(e);
    } catch (java.util.NoSuchElementException e) {
      throw new KernelException(
          LIBRARY + " is too old, 1.0 or newer is needed: " + e.getMessage(), e);
    }
  }

  /**
   * Finds the reason why the library was not opened, which Java does not report. The reason is an
   * error that prevents every open, if there is such an error.
   */
  private static KernelException notOpened(IllegalArgumentException e) {
    // Without Descriptors: if no file can be opened, no class can be loaded either.
    try (Arena arena = Arena.ofConfined()) {
      CFunction open = CFunction.of(Native.libc(), "open");
      int fd = (int) open.call(arena.allocateFrom("/dev/null").address(), READ_FLAGS);
      if (fd < 0) {
        return new KernelException(LIBRARY + " cannot be opened", Native.errno());
      }
      CFunction.of(Native.libc(), "close").call(fd);
      return new KernelException(LIBRARY + " was not found", e);
    }
  }

  /** Returns libbpf's warnings since the last call, one message a line, for error messages. */
  String takeMessages() {
    String text = messages.toString().strip();
    messages.setLength(0);
    return text;
  }

  /** Collects libbpf's warnings here; libbpf then writes none to standard error. */
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
      long ignored = CFunction.of(lib, "libbpf_set_print").call(callback.address());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Receives a printf format and its va_list from libbpf. A va_list is passed by address on both
   * x86-64 and arm64. The method must not throw into C.
   */
  @SuppressWarnings("unused")
  private int onMessage(int level, MemorySegment format, MemorySegment arguments) {
    if (level > LEVEL_WARN) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(POINTER);
      int length = (int) vasprintf.call(text.address(), format.address(), arguments.address());
      if (length >= 0) {
        MemorySegment start = text.get(POINTER, 0);
        append(Native.string(start));
        long ignored = free.call(start.address());
      }
    } catch (Throwable t) {
      messages.append("a message of libbpf could not be formatted: ").append(t).append('\n');
    }
    return 0;
  }

  /**
   * Adds a message, and keeps the end of the messages. A verifier log can be megabytes long, and
   * its end has the reason.
   */
  private void append(String text) {
    messages.append(text);
    if (messages.length() > MESSAGES_MAX_CHARS) {
      messages.delete(0, messages.length() - MESSAGES_MAX_CHARS);
    }
  }
}

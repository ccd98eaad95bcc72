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
 * The functions of libbpf 1.x that are used here, by hand: the source is {@code libbpf.h} and
 * {@code btf.h}. Not on any hot path: the ring is read without libbpf. Safe for use by one thread
 * at a time.
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
   * @throws KernelException if the library cannot be opened, or one of the functions is not there
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

  /** Java does not say why; what keeps every other file from being opened is the cause. */
  private static KernelException notOpened(IllegalArgumentException e) {
    // Not by Descriptors: where no file can be opened, no class can be loaded any more.
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
      long ignored = CFunction.of(lib, "libbpf_set_print").call(callback.address());
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

  /** A verifier log can be megabytes long, and its end is what says why: the end is kept. */
  private void append(String text) {
    messages.append(text);
    if (messages.length() > MESSAGES_MAX_CHARS) {
      messages.delete(0, messages.length() - MESSAGES_MAX_CHARS);
    }
  }
}

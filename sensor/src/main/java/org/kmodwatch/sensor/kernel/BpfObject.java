package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * An object file with BPF programs and maps. It is opened, then loaded into the kernel, then
 * attached program by program. Closing it detaches the programs and frees the maps. Not
 * thread-safe.
 */
public final class BpfObject extends BpfMaps implements AutoCloseable {

  /** The map that libbpf creates for the programs' constants, with the section's name. */
  private static final String CONSTANTS = ".rodata";

  private final MemorySegment object;
  private final List<Program> programs = new ArrayList<>();
  private boolean closed;

  private BpfObject(LibBpf lib, MemorySegment object) {
    super(lib);
    this.object = object;
  }

  /**
   * Opens an object file. Loads nothing into the kernel yet.
   *
   * @param elf the file's bytes
   * @throws KernelException if libbpf cannot read it
   */
  public static BpfObject open(LibBpf lib, byte[] elf) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(elf.length, Long.BYTES);
      bytes.copyFrom(MemorySegment.ofArray(elf));
      var object = Native.pointer(lib.objectOpenMem.call(bytes.address(), bytes.byteSize(), 0));
      if (object.address() == 0) {
        throw new KernelException("libbpf cannot open the BPF object", Native.errno());
      }
      var result = new BpfObject(lib, object);
      result.findPrograms();
      return result;
    }
  }

  /** Returns the programs, in the order of the file. */
  public List<Program> programs() {
    return List.copyOf(programs);
  }

  /** Returns the attached programs, in the order of the file. */
  public List<Program> attachedPrograms() {
    return programs.stream().filter(program -> program.link.address() != 0).toList();
  }

  /**
   * Loads all maps, and the programs whose {@code autoload} was left on.
   *
   * @return the failure; an errno of 0 if it succeeded
   */
  public Outcome load() {
    lib.takeMessages();
    int result = (int) lib.objectLoad.call(object.address());
    return new Outcome(-result, lib.takeMessages());
  }

  /**
   * Sets a map's number of entries, or a ring's number of bytes. Must be called before {@link
   * #load}.
   */
  public void setMaxEntries(String name, int entries) {
    int result = (int) lib.mapSetMaxEntries.call(mapNamed(name).address(), entries);
    if (result != 0) {
      throw new KernelException("the size of the map " + name + " cannot be set", -result);
    }
  }

  /**
   * Sets the content of {@code .rodata}. Must be called before {@link #load}.
   *
   * @param values the values of all constants there, each 64 bits wide
   */
  public void setConstants(long... values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(LONG, values);
      int result =
          (int)
              lib.mapSetInitialValue.call(
                  mapNamed(CONSTANTS).address(), bytes.address(), bytes.byteSize());
      if (result != 0) {
        throw new KernelException("the constants of the programs cannot be set", -result);
      }
    }
  }

  /** Returns a descriptor that is closed with the object. */
  @Override
  int mapFd(String name) {
    return (int) lib.mapFd.call(mapNamed(name).address());
  }

  private MemorySegment mapNamed(String name) {
    try (Arena names = Arena.ofConfined()) {
      var map =
          Native.pointer(
              lib.objectFindMapByName.call(object.address(), names.allocateFrom(name).address()));
      if (map.address() == 0) {
        throw new IllegalArgumentException("the BPF object has no such map: name=" + name);
      }
      return map;
    }
  }

  /** Returns the names of the attached programs and their links within a set of pins. */
  public List<String> pinNames() {
    return attachedPrograms().stream()
        .map(program -> Pins.nameOf(program.section, program.before))
        .flatMap(name -> Stream.of(Pins.PROGRAMS + "/" + name, Pins.LINKS + "/" + name))
        .toList();
  }

  @Override
  int pinFd(String name) {
    int slash = name.indexOf('/');
    String folder = name.substring(0, slash);
    String rest = name.substring(slash + 1);
    if (folder.equals(Pins.MAPS)) {
      return mapFd(rest);
    }
    for (Program program : attachedPrograms()) {
      if (rest.equals(Pins.nameOf(program.section, program.before))) {
        return folder.equals(Pins.LINKS) ? program.linkFd() : program.programFd();
      }
    }
    throw new IllegalArgumentException("nothing on a hook has such a name: name=" + name);
  }

  /** Detaches every program. The maps stay. */
  public void detach() {
    programs.forEach(Program::detach);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    detach();
    lib.objectClose.call(object.address());
  }

  private void findPrograms() {
    MemorySegment previous = MemorySegment.NULL;
    while (true) {
      previous = Native.pointer(lib.objectNextProgram.call(object.address(), previous.address()));
      if (previous.address() == 0) {
        return;
      }
      programs.add(new Program(previous));
    }
  }

  /** Returns how many of the programs found so far have this section. */
  private int programsOf(String section) {
    return (int) programs.stream().filter(program -> program.section().equals(section)).count();
  }

  /**
   * The result of a step.
   *
   * @param errno 0 if it succeeded
   * @param messages the messages of libbpf and, for a load, of the verifier; may be long
   */
  public record Outcome(int errno, String messages) {

    /** Returns whether the step succeeded. */
    public boolean succeeded() {
      return errno == 0;
    }

    /**
     * Returns the reason: {@code Operation not permitted (errno=1)}, with a remedy for some errors.
     */
    public String reason() {
      return Errnos.describe(errno) + Errnos.remedy(errno);
    }

    /** Returns whether the same step may succeed later, for example when memory was short. */
    public boolean mayPass() {
      return Errnos.mayPass(errno);
    }

    /**
     * Returns whether an attachment failed because the function has as many programs as the kernel
     * allows.
     */
    public boolean isTrampolineFull() {
      return errno == Errnos.E2BIG;
    }

    /** Returns whether the kernel refused because a privilege is missing. */
    public boolean privilegeMissing() {
      return errno == Errnos.EPERM;
    }
  }

  /** A program of the object. */
  public final class Program implements AttachedProgram {
    private final MemorySegment program;
    private final String name;
    private final String section;
    private final int before;
    private MemorySegment link = MemorySegment.NULL;

    private Program(MemorySegment program) {
      this.program = program;
      this.name = Native.string(Native.pointer(lib.programName.call(program.address())));
      this.section = Native.string(Native.pointer(lib.programSectionName.call(program.address())));
      this.before = programsOf(section);
    }

    /** Returns the C function's name. */
    public String name() {
      return name;
    }

    @Override
    public String section() {
      return section;
    }

    /** Returns whether an earlier program has the same section. */
    public boolean isFurther() {
      return before > 0;
    }

    /** Sets whether this program is loaded with the object. Must be called before the load. */
    public void setAutoload(boolean autoload) {
      int result = (int) lib.programSetAutoload.call(program.address(), autoload ? 1 : 0);
      if (result != 0) {
        throw new KernelException("the object is loaded already", -result);
      }
    }

    /** Attaches the loaded program to its hook. */
    public Outcome attach() {
      lib.takeMessages();
      return took(Native.pointer(lib.programAttach.call(program.address())));
    }

    /** Keeps the link that libbpf created, if it created one. */
    private Outcome took(MemorySegment attached) {
      if (attached.address() == 0) {
        return new Outcome(Native.errno(), lib.takeMessages());
      }
      link = attached;
      return new Outcome(0, "");
    }

    /**
     * Attaches the loaded program to a cgroup and all cgroups below it.
     *
     * @param folder the folder of the cgroup, in a file system of version 2
     */
    public Outcome attachToCgroup(Path folder) {
      lib.takeMessages();
      int fd = Descriptors.open(folder, 0);
      if (fd < 0) {
        return new Outcome(Native.errno(), "");
      }
      try {
        return took(Native.pointer(lib.programAttachCgroup.call(program.address(), fd)));
      } finally {
        Descriptors.close(fd);
      }
    }

    @Override
    public boolean isAttached() {
      return link.address() != 0 && ProgramInfo.isAttached(lib, linkFd());
    }

    @Override
    public long misses() {
      return ProgramInfo.misses(lib, programFd());
    }

    private int programFd() {
      return (int) lib.programFd.call(program.address());
    }

    private int linkFd() {
      return (int) lib.linkFd.call(link.address());
    }

    private void detach() {
      if (link.address() == 0) {
        return;
      }
      int ignored = (int) lib.linkDestroy.call(link.address());
      link = MemorySegment.NULL;
    }
  }
}

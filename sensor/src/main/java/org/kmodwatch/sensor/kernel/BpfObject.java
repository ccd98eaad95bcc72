package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An object file with BPF programs and maps: opened, then loaded into the kernel, then attached
 * program by program. Closing it detaches the programs and frees the maps. Not thread-safe.
 */
public final class BpfObject extends BpfMaps implements AutoCloseable {

  /** The map that libbpf makes of the programs' constants, by the section's name. */
  private static final String CONSTANTS = ".rodata";

  /** O_RDONLY | O_CLOEXEC. */
  private static final int OPEN_FOLDER = 0x80000;

  private final MemorySegment object;
  private final List<Program> programs = new ArrayList<>();
  private boolean closed;

  private BpfObject(LibBpf lib, MemorySegment object) {
    super(lib);
    this.object = object;
  }

  /**
   * Opens an object file; nothing reaches the kernel yet.
   *
   * @param elf the file's bytes
   * @throws KernelException if libbpf cannot make sense of it
   */
  public static BpfObject open(LibBpf lib, byte[] elf) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(elf.length, Long.BYTES);
      bytes.copyFrom(MemorySegment.ofArray(elf));
      var object =
          (MemorySegment)
              lib.objectOpenMem.invokeExact(
                  Native.captured(), bytes, bytes.byteSize(), MemorySegment.NULL);
      if (object.address() == 0) {
        throw new KernelException("libbpf cannot open the BPF object", Native.errno());
      }
      var result = new BpfObject(lib, object);
      result.findPrograms();
      return result;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** The programs, in the order of the file. */
  public List<Program> programs() {
    return List.copyOf(programs);
  }

  /**
   * Loads the programs whose {@code autoload} was left on, and all maps.
   *
   * @return what went wrong; an errno of 0 if nothing did
   */
  public Outcome load() {
    lib.takeMessages();
    try {
      int result = (int) lib.objectLoad.invokeExact(object);
      return new Outcome(-result, lib.takeMessages());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets how many entries, or for a ring how many bytes, a map has; before {@link #load}. */
  public void setMaxEntries(String name, int entries) {
    try {
      int result = (int) lib.mapSetMaxEntries.invokeExact(mapNamed(name), entries);
      if (result != 0) {
        throw new KernelException("the size of the map " + name + " cannot be set", -result);
      }
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Sets what {@code .rodata} holds; before {@link #load}.
   *
   * @param value of the only constant there, 64 bits wide
   */
  public void setConstant(long value) {
    try (Arena values = Arena.ofConfined()) {
      MemorySegment bytes = values.allocate(LONG);
      bytes.set(LONG, 0, value);
      int result =
          (int) lib.mapSetInitialValue.invokeExact(mapNamed(CONSTANTS), bytes, bytes.byteSize());
      if (result != 0) {
        throw new KernelException("the constants of the programs cannot be set", -result);
      }
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** It is closed with the object. */
  @Override
  int mapFd(String name) {
    try {
      return (int) lib.mapFd.invokeExact(mapNamed(name));
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  private MemorySegment mapNamed(String name) {
    try (Arena names = Arena.ofConfined()) {
      var map =
          (MemorySegment) lib.objectFindMapByName.invokeExact(object, names.allocateFrom(name));
      if (map.address() == 0) {
        throw new IllegalArgumentException("the BPF object has no such map: name=" + name);
      }
      return map;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Keeps a map in the BPF file system, even if this process ends. */
  public void pinMap(String name, Path folder) {
    Pins.pin(lib, mapFd(name), folder.resolve(name));
  }

  /** Takes every program off its hook; the maps stay. */
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
    try {
      lib.objectClose.invokeExact(object);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  private void findPrograms() throws Throwable {
    MemorySegment previous = MemorySegment.NULL;
    while (true) {
      previous = (MemorySegment) lib.objectNextProgram.invokeExact(object, previous);
      if (previous.address() == 0) {
        return;
      }
      programs.add(new Program(previous));
    }
  }

  /**
   * What a step came to.
   *
   * @param errno 0 if it succeeded
   * @param messages what libbpf and, for a load, the verifier said; may be long
   */
  public record Outcome(int errno, String messages) {

    /** Whether it succeeded. */
    public boolean succeeded() {
      return errno == 0;
    }

    /** For example {@code Operation not permitted (errno=1)}. */
    public String reason() {
      return Errnos.describe(errno);
    }

    /** Whether the kernel refused for want of privilege, and not for what was asked. */
    public boolean privilegeMissing() {
      return errno == Errnos.EPERM;
    }
  }

  /** One program of the object. */
  public final class Program implements AttachedProgram {
    private final MemorySegment program;
    private final String name;
    private MemorySegment link = MemorySegment.NULL;

    private Program(MemorySegment program) {
      this.program = program;
      try {
        this.name = Native.string((MemorySegment) lib.programName.invokeExact(program));
      } catch (Throwable t) {
        throw Native.unreachable(t);
      }
    }

    /** The C function's name. */
    public String name() {
      return name;
    }

    @Override
    public String section() {
      try {
        return Native.string((MemorySegment) lib.programSectionName.invokeExact(program));
      } catch (Throwable t) {
        throw Native.unreachable(t);
      }
    }

    /** Says, before the object is loaded, whether this program is. */
    public void setAutoload(boolean autoload) {
      try {
        int result = (int) lib.programSetAutoload.invokeExact(program, autoload);
        if (result != 0) {
          throw new KernelException("the object is loaded already", -result);
        }
      } catch (Throwable t) {
        throw Native.unreachable(t);
      }
    }

    /** Attaches the loaded program to its hook. */
    public Outcome attach() {
      lib.takeMessages();
      try {
        return took((MemorySegment) lib.programAttach.invokeExact(Native.captured(), program));
      } catch (Throwable t) {
        throw Native.unreachable(t);
      }
    }

    /** Keeps the link that libbpf made, if it made one. */
    private Outcome took(MemorySegment attached) {
      if (attached.address() == 0) {
        return new Outcome(Native.errno(), lib.takeMessages());
      }
      link = attached;
      return new Outcome(0, "");
    }

    /**
     * Attaches the loaded program to a cgroup and all below it.
     *
     * @param folder of the cgroup, in a file system of version 2
     */
    public Outcome attachToCgroup(Path folder) {
      lib.takeMessages();
      int fd = -1;
      try (Arena arena = Arena.ofConfined()) {
        fd =
            (int)
                lib.openFd.invokeExact(
                    Native.captured(), arena.allocateFrom(folder.toString()), OPEN_FOLDER);
        if (fd < 0) {
          return new Outcome(Native.errno(), "");
        }
        return took(
            (MemorySegment) lib.programAttachCgroup.invokeExact(Native.captured(), program, fd));
      } catch (Throwable t) {
        throw Native.unreachable(t);
      } finally {
        if (fd >= 0) {
          Pins.close(lib, fd);
        }
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

    /** Keeps the program and its place in the BPF file system, even if this process ends. */
    public void pin(Path programs, Path links) {
      String pin = PinnedPrograms.pinName(section());
      Pins.pin(lib, programFd(), programs.resolve(pin));
      Pins.pin(lib, linkFd(), links.resolve(pin));
    }

    private int programFd() {
      try {
        return (int) lib.programFd.invokeExact(program);
      } catch (Throwable t) {
        throw Native.unreachable(t);
      }
    }

    private int linkFd() {
      try {
        return (int) lib.linkFd.invokeExact(link);
      } catch (Throwable t) {
        throw Native.unreachable(t);
      }
    }

    private void detach() {
      if (link.address() == 0) {
        return;
      }
      try {
        int ignored = (int) lib.linkDestroy.invokeExact(link);
        link = MemorySegment.NULL;
      } catch (Throwable t) {
        throw Native.unreachable(t);
      }
    }
  }
}

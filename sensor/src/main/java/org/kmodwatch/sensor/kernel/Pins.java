package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Optional;

/** Names in the BPF file system, which keep programs, links and maps without a process. */
public final class Pins {

  /** Folders of a set of pins: the maps, by name. */
  public static final String MAPS = "maps";

  /** The programs, by section. */
  public static final String PROGRAMS = "programs";

  /** The links, by section of their program. */
  public static final String LINKS = "links";

  /** Before the number of a further program of the same section; no section has it. */
  private static final String ANOTHER = "+";

  private Pins() {}

  /** The name of a map within a set. */
  public static String ofMap(String name) {
    return MAPS + "/" + name;
  }

  /**
   * What is pinned under a name of a set now.
   *
   * @return empty if nothing that can be had
   * @throws KernelException if that cannot be said now, as when there are no descriptors
   */
  public static Optional<Pin> at(LibBpf lib, Path folder, String name) {
    int fd;
    try {
      fd = open(lib, folder.resolve(name));
    } catch (KernelException e) {
      if (e.mayPass()) {
        throw e;
      }
      return Optional.empty();
    }
    try {
      return Optional.of(new Pin(name, identity(lib, name, fd)));
    } catch (KernelException another) {
      return Optional.empty();
    } finally {
      Descriptors.close(fd);
    }
  }

  /** What the kernel says of what a descriptor stands for, by the folder that its name is in. */
  static String identity(LibBpf lib, String name, int fd) {
    if (name.startsWith(LINKS)) {
      return ObjectInfo.ofLink(lib, fd);
    }
    return name.startsWith(PROGRAMS) ? ObjectInfo.ofProgram(lib, fd) : ObjectInfo.ofMap(lib, fd);
  }

  /**
   * A program's name within its folder. The BPF file system takes no slash in a name, for which a
   * minus stands, and no dot, for which a comma does.
   *
   * @param before how many programs of the section have a name already
   */
  static String nameOf(String section, int before) {
    String name = section.replace('/', '-').replace('.', ',');
    return before == 0 ? name : name + ANOTHER + before;
  }

  /** The section of the program that has this name within its folder. */
  static String sectionOf(String name) {
    int end = name.indexOf(ANOTHER);
    return (end < 0 ? name : name.substring(0, end)).replaceFirst("-", "/").replace(',', '.');
  }

  static void pin(LibBpf lib, int fd, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int result = (int) lib.objPin.call(fd, arena.allocateFrom(path.toString()).address());
      if (result != 0) {
        throw new KernelException("cannot be pinned: " + path, Native.errno());
      }
    }
  }

  /** A descriptor of what is pinned there. */
  static int open(LibBpf lib, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int fd = (int) lib.objGet.call(arena.allocateFrom(path.toString()).address());
      if (fd < 0) {
        throw new KernelException("nothing that is pinned can be had: " + path, Native.errno());
      }
      return fd;
    }
  }
}

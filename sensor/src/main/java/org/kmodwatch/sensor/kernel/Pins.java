package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Optional;

/** Names in the BPF file system, which keep programs, links and maps alive without a process. */
public final class Pins {

  /** The folder of the maps in a set of pins, by name. */
  public static final String MAPS = "maps";

  /** The folder of the programs, by section. */
  public static final String PROGRAMS = "programs";

  /** The folder of the links, by section of their program. */
  public static final String LINKS = "links";

  /**
   * The mark before the number of a further program of the same section. No section contains it.
   */
  private static final String ANOTHER = "+";

  private Pins() {}

  /** Returns the name of a map within a set. */
  public static String ofMap(String name) {
    return MAPS + "/" + name;
  }

  /**
   * Returns the pin that a name of a set has now.
   *
   * @return the pin; empty if it is missing or cannot be opened
   * @throws KernelException if the pin cannot be checked now, for example without free descriptors
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

  /** Returns the kernel's description of a descriptor's object, by the folder of its name. */
  static String identity(LibBpf lib, String name, int fd) {
    if (name.startsWith(LINKS)) {
      return ObjectInfo.ofLink(lib, fd);
    }
    return name.startsWith(PROGRAMS) ? ObjectInfo.ofProgram(lib, fd) : ObjectInfo.ofMap(lib, fd);
  }

  /**
   * Returns a program's name within its folder. The BPF file system allows no slash and no dot in a
   * name. A minus replaces the slash, and a comma replaces the dot.
   *
   * @param before how many programs of the section have a name already
   */
  static String nameOf(String section, int before) {
    String name = section.replace('/', '-').replace('.', ',');
    return before == 0 ? name : name + ANOTHER + before;
  }

  /** Returns the section of the program that has this name within its folder. */
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

  /** Opens a pin, and returns its descriptor. */
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

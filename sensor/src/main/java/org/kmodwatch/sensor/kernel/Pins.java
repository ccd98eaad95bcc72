package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Names in the BPF file system, which keep programs, links and maps without a process. */
final class Pins {

  private Pins() {}

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

  static void close(LibBpf lib, int fd) {
    int ignored = (int) lib.closeFd.call(fd);
  }
}

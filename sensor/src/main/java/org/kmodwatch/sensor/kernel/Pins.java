package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Names in the BPF file system, which keep programs, links and maps without a process. */
final class Pins {

  private Pins() {}

  static void pin(LibBpf lib, int fd, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int result =
          (int) lib.objPin.invokeExact(Native.captured(), fd, arena.allocateFrom(path.toString()));
      if (result != 0) {
        throw new KernelException("cannot be pinned: " + path, Native.errno());
      }
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** A descriptor of what is pinned there. */
  static int open(LibBpf lib, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int fd = (int) lib.objGet.invokeExact(Native.captured(), arena.allocateFrom(path.toString()));
      if (fd < 0) {
        throw new KernelException("nothing that is pinned can be had: " + path, Native.errno());
      }
      return fd;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  static void close(LibBpf lib, int fd) {
    try {
      int ignored = (int) lib.closeFd.invokeExact(fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}

package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Opens and closes by descriptor, with flags that Java has no word for (open(2)). */
@SuppressWarnings("restricted") // native access is this package's purpose
final class Descriptors {

  /** Not for programs that are started; every descriptor here has it. */
  static final int O_CLOEXEC = 0x80000;

  static final int O_NONBLOCK = 0x800;

  static final int O_NOCTTY = 0x100;

  /** The file is found and held, and not opened. */
  static final int O_PATH = 0x200000;

  /** These two are other bits on arm64. */
  static final int O_DIRECTORY = isArm64() ? 0x4000 : 0x10000;

  static final int O_NOFOLLOW = isArm64() ? 0x8000 : 0x20000;

  private static final CFunction OPEN = CFunction.of(Native.libc(), "open");
  private static final CFunction CLOSE = CFunction.of(Native.libc(), "close");

  private Descriptors() {}

  /**
   * Opens to read, with O_CLOEXEC.
   *
   * @param flags what else
   * @return a descriptor, or a negative number and {@link Native#errno} says why
   */
  static int open(Path file, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) OPEN.call(arena.allocateFrom(file.toString()).address(), flags | O_CLOEXEC);
    }
  }

  /** Closes one that is open, and was only read by. */
  static void close(int fd) {
    int result = (int) CLOSE.call(fd);
    assert result == 0 : "fd=" + fd;
  }

  private static boolean isArm64() {
    return System.getProperty("os.arch", "").equals("aarch64");
  }
}

package org.kmodwatch.sensor.kernel;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Opens and closes file descriptors, with flags that Java does not offer (open(2)). */
@SuppressWarnings("restricted") // native access is this package's purpose
final class Descriptors {

  /** Closes the descriptor when a program is started. Every descriptor here has this flag. */
  static final int O_CLOEXEC = 0x80000;

  static final int O_NONBLOCK = 0x800;

  static final int O_NOCTTY = 0x100;

  /** Finds and holds the file without opening it. */
  static final int O_PATH = 0x200000;

  /** O_DIRECTORY, which is another bit on arm64, as is O_NOFOLLOW. */
  static final int O_DIRECTORY = isArm64() ? 0x4000 : 0x10000;

  static final int O_NOFOLLOW = isArm64() ? 0x8000 : 0x20000;

  private static final CFunction OPEN = CFunction.of(Native.libc(), "open");
  private static final CFunction CLOSE = CFunction.of(Native.libc(), "close");

  private Descriptors() {}

  /**
   * Opens a file to read, with O_CLOEXEC.
   *
   * @param flags the further flags
   * @return a descriptor; a negative number if it failed, with the reason in {@link Native#errno}
   */
  static int open(Path file, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) OPEN.call(arena.allocateFrom(file.toString()).address(), flags | O_CLOEXEC);
    }
  }

  /** Closes an open descriptor that was only used to read. */
  static void close(int fd) {
    int result = (int) CLOSE.call(fd);
    assert result == 0 : "fd=" + fd;
  }

  private static boolean isArm64() {
    return System.getProperty("os.arch", "").equals("aarch64");
  }
}

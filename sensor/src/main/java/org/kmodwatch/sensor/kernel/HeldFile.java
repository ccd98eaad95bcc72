package org.kmodwatch.sensor.kernel;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A file that is held, so that what was looked at is what is read, and that nobody can have us wait
 * for: whatever stands at its path by now is not opened, only found. A FIFO would wait for who
 * writes to it, a device does things when it is opened. A regular file is opened by {@link #read};
 * one that another process has a lease on is refused then and not waited for (fcntl(2),
 * F_SETLEASE). One thread.
 *
 * <p>Java opens files by their paths alone. {@code /proc/self/fd/N} is such a path, and leads to
 * the file that is held and no other (proc(5)).
 */
public final class HeldFile implements AutoCloseable {

  private final int fd;
  private boolean closed;

  private HeldFile(int fd) {
    this.fd = fd;
  }

  /**
   * Finds what is at {@code file}, of whatever kind, and holds it.
   *
   * @param options {@link LinkOption#NOFOLLOW_LINKS} to hold a symbolic link itself
   * @throws IOException if nothing is there, or it cannot be come by
   */
  public static HeldFile of(Path file, LinkOption... options) throws IOException {
    boolean itself = List.of(options).contains(LinkOption.NOFOLLOW_LINKS);
    return new HeldFile(
        open(file, Descriptors.O_PATH | (itself ? Descriptors.O_NOFOLLOW : 0), "held"));
  }

  /** A path by which to look at it, and at nothing else, as long as it is held. */
  public Path path() {
    return path(fd);
  }

  /**
   * Opens it.
   *
   * @throws IOException if it is not a regular file, must not be read, or another process has a
   *     lease on it
   */
  public FileChannel read() throws IOException {
    if (!Files.isRegularFile(path())) {
      throw new IOException("not a regular file: " + path());
    }
    int reading = open(path(), Descriptors.O_NONBLOCK | Descriptors.O_NOCTTY, "opened");
    try {
      // While it is open nobody is given a lease that this would wait for.
      return FileChannel.open(path(reading), StandardOpenOption.READ);
    } finally {
      Descriptors.close(reading);
    }
  }

  private static int open(Path file, int flags, String what) throws IOException {
    int opened = Descriptors.open(file, flags);
    if (opened < 0) {
      throw new IOException(
          "cannot be %s: %s: %s".formatted(what, file, Errnos.describe(Native.errno())));
    }
    return opened;
  }

  private static Path path(int fd) {
    return Path.of("/proc/self/fd/" + fd);
  }

  /** Lets go of it; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Descriptors.close(fd);
    }
  }
}

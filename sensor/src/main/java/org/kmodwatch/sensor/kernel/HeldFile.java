package org.kmodwatch.sensor.kernel;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A file that is held, so that the file that was checked is the file that is read. Nobody can make
 * the agent wait: a file is found by its path, but not opened. Opening a FIFO would wait for a
 * writer. Opening a device can start an action of the device. {@link #read} opens a regular file.
 * If another process has a lease on the file, {@link #read} refuses it and does not wait (fcntl(2),
 * F_SETLEASE). One thread may use it.
 *
 * <p>Java opens files only by path. {@code /proc/self/fd/N} is a path that leads to exactly the
 * held file (proc(5)).
 */
public final class HeldFile implements AutoCloseable {

  private final int fd;
  private boolean closed;

  private HeldFile(int fd) {
    this.fd = fd;
  }

  /**
   * Finds the file of any type at {@code file}, and holds it.
   *
   * @param options {@link LinkOption#NOFOLLOW_LINKS} to hold a symbolic link itself
   * @throws IOException if no file is there, or it cannot be reached
   */
  public static HeldFile of(Path file, LinkOption... options) throws IOException {
    boolean itself = List.of(options).contains(LinkOption.NOFOLLOW_LINKS);
    return new HeldFile(
        open(file, Descriptors.O_PATH | (itself ? Descriptors.O_NOFOLLOW : 0), "held"));
  }

  /** Returns a path that leads to the held file only. It is valid as long as the file is held. */
  public Path path() {
    return path(fd);
  }

  /**
   * Opens the file.
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
      // While the file is open, the kernel grants no lease that this open would wait for.
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

  /** Releases the file. A second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Descriptors.close(fd);
    }
  }
}

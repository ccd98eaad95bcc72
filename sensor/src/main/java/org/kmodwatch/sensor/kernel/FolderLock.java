package org.kmodwatch.sensor.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A lock on a folder that one process holds at a time (flock(2)). It needs no file in the folder,
 * so it works in the BPF file system, where there are none. The kernel drops it when the process
 * ends, however it ends. Safe for use by one thread.
 */
public final class FolderLock implements AutoCloseable {

  /** LOCK_EX | LOCK_NB. */
  private static final int TRY_EXCLUSIVE = 2 | 4;

  private static final Path PROC = Path.of("/proc");

  private static final CFunction FLOCK = CFunction.of(Native.libc(), "flock");

  private final int fd;
  private boolean closed;

  private FolderLock(int fd) {
    this.fd = fd;
  }

  /**
   * Takes the lock of a folder.
   *
   * @return empty if another process holds it
   * @throws KernelException if the folder cannot be opened, or cannot be locked for another reason
   */
  public static Optional<FolderLock> tryLock(Path folder) {
    int fd = Descriptors.open(folder, Descriptors.O_DIRECTORY);
    if (fd < 0) {
      throw new KernelException("the folder cannot be opened: " + folder, Native.errno());
    }
    if ((int) FLOCK.call(fd, TRY_EXCLUSIVE) == 0) {
      return Optional.of(new FolderLock(fd));
    }
    int errno = Native.errno();
    Descriptors.close(fd);
    if (errno == Errnos.EAGAIN) {
      return Optional.empty();
    }
    throw new KernelException("the folder cannot be locked: " + folder, errno);
  }

  /**
   * Who holds the lock of a folder: its process id and command, as {@code 4711 (java)}.
   *
   * @return empty if nobody does, or the kernel does not say
   */
  public static Optional<String> holder(Path folder) {
    try {
      String inode = ":" + Files.getAttribute(folder, "unix:ino");
      return holder(Files.readAllLines(PROC.resolve("locks")), inode).map(FolderLock::withCommand);
    } catch (IOException | UnsupportedOperationException unknown) {
      return Optional.empty();
    }
  }

  /**
   * Finds the process in the lines of /proc/locks: {@code 1: FLOCK ADVISORY WRITE 4711 00:1a:42 0
   * EOF}. The device is not compared: {@code stat} names another one on some file systems.
   */
  static Optional<String> holder(List<String> locks, String inode) {
    return locks.stream()
        .map(line -> line.trim().split("\\s+"))
        .filter(
            f ->
                f.length > 5
                    && f[1].equals("FLOCK")
                    && f[3].equals("WRITE")
                    && f[5].endsWith(inode))
        .map(fields -> fields[4])
        .findFirst();
  }

  /** Unlocks the folder; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Descriptors.close(fd);
    }
  }

  private static String withCommand(String processId) {
    try {
      String comm = Files.readString(PROC.resolve(processId).resolve("comm")).strip();
      return "%s (%s)".formatted(processId, comm);
    } catch (IOException gone) {
      return processId;
    }
  }
}

package org.kmodwatch.sensor.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A lock on a folder, which one process holds at a time (flock(2)). It needs no file in the folder,
 * so it works in the BPF file system, which has no files. The kernel releases the lock when the
 * process ends, for whatever reason. One thread may use it.
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
   * @return the lock; empty if another process holds it
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
   * Returns the process that holds the lock of a folder, with id and command: {@code 4711 (java)}.
   *
   * @return the process; empty if no process holds the lock, or the kernel does not show the holder
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
   * EOF}. Ignores the device, because {@code stat} reports another device on some file systems.
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

  /** Unlocks the folder. A second call does nothing. */
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

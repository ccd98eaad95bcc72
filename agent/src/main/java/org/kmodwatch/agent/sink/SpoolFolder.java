package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The folder of a spool: private, and one process's at a time. */
final class SpoolFolder implements AutoCloseable {

  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  /** Past this many the last is replaced: a bad disk must not fill up. */
  private static final int MAX_DAMAGED = 3;

  private final Path folder;
  private final FileChannel lockFile;

  private SpoolFolder(Path folder, FileChannel lockFile) {
    this.folder = folder;
    this.lockFile = lockFile;
  }

  /**
   * Makes the folder if it is not there, and locks it.
   *
   * @throws SinkException if it is not private, is another's, or in use
   */
  static SpoolFolder open(Path folder) {
    try {
      make(folder);
      Path real = folder.toRealPath();
      var opened = new SpoolFolder(real, lock(real));
      opened.removeLibraries();
      return opened;
    } catch (IOException e) {
      throw new SinkException("--spool: cannot use %s: %s".formatted(folder, e), e);
    }
  }

  private static void make(Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent, PosixFilePermissions.asFileAttribute(FOLDER));
    }
    try {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    } catch (FileAlreadyExistsException there) {
      requirePrivate(folder);
    }
  }

  private static void requirePrivate(Path folder) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isDirectory()) {
      throw new SinkException("--spool: not a folder: " + folder);
    }
    Object uid = Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    Object own = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!uid.equals(own)) {
      throw new SinkException(
          "--spool: the folder is another user's: %s (uid=%s); remedy: give one of your own"
              .formatted(folder, uid));
    }
    Set<PosixFilePermission> others = EnumSet.copyOf(FOLDER);
    others.addAll(attributes.permissions());
    others.removeAll(FOLDER);
    if (!others.isEmpty()) {
      throw new SinkException(
          "--spool: others may look into the folder; remedy: chmod 700 " + folder);
    }
  }

  @SuppressWarnings("StreamResourceLeak") // The channel is kept: closing it ends the lock.
  private static FileChannel lock(Path folder) throws IOException {
    FileChannel file =
        FileChannel.open(
            folder.resolve("spool.lock"),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(FILE));
    if (tryLock(file) == null) {
      file.close();
      throw new SinkException(
          "--spool: another kmodwatch uses the folder: %s; remedy: give each its own"
              .formatted(folder));
    }
    file.truncate(0);
    file.write(
        ByteBuffer.wrap(
            (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
    return file;
  }

  private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException ours) {
      return null;
    }
  }

  /**
   * The native library that SQLite's driver unpacks here goes with the process only if that ends in
   * peace. One that is in use stays so without its name.
   */
  private void removeLibraries() throws IOException {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, "sqlite-*-libsqlitejdbc.so*")) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  Path path() {
    return folder;
  }

  Path database() {
    return folder.resolve("spool.db");
  }

  /** SQLite gives its other files the mode of this one. */
  void createDatabase() throws IOException {
    if (!Files.exists(database(), LinkOption.NOFOLLOW_LINKS)) {
      Files.createFile(database(), PosixFilePermissions.asFileAttribute(FILE));
    }
  }

  /** Moves the database aside, its log with it; its new name. */
  Path setAside() throws IOException {
    Path aside = aside(1);
    for (int n = 2; n <= MAX_DAMAGED && Files.exists(aside); n++) {
      aside = aside(n);
    }
    Files.move(database(), aside, StandardCopyOption.REPLACE_EXISTING);
    Path log = folder.resolve("spool.db-wal");
    if (Files.exists(log)) {
      Files.move(log, Path.of(aside + "-wal"), StandardCopyOption.REPLACE_EXISTING);
    }
    Files.deleteIfExists(folder.resolve("spool.db-shm"));
    return aside;
  }

  private Path aside(int n) {
    return folder.resolve("spool.db.damaged-" + n);
  }

  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      // The lock goes with the process.
    }
  }
}

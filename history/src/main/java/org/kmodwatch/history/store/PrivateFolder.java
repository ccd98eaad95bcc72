package org.kmodwatch.history.store;

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
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The private folder of a database. One process at a time writes it. SQLite's driver unpacks its
 * library there too.
 */
public final class PrivateFolder implements AutoCloseable {

  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  /**
   * Options that create a file if necessary. If a FIFO were opened only to write, the process would
   * wait for a reader.
   */
  public static final Set<OpenOption> TO_READ_AND_WRITE =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          LinkOption.NOFOLLOW_LINKS);

  /** The room that opening a database may take: for SQLite's library, and for its log. */
  private static final long ROOM_TO_OPEN_BYTES = 4L << 20;

  /**
   * The number of damaged files to keep. After that the last is replaced: a bad disk must not fill
   * up.
   */
  private static final int MAX_DAMAGED = 3;

  private final Path folder;
  private final String name;
  private final FileChannel lockFile;

  private PrivateFolder(Path folder, String name, FileChannel lockFile) {
    this.folder = folder;
    this.name = name;
    this.lockFile = lockFile;
  }

  /**
   * Creates the folder if it does not exist, and locks it.
   *
   * @param option the option that named it, for messages
   * @param name the name of the database, without {@code .db}
   * @throws StoreException if it is not private, belongs to another user, or is in use
   */
  public static PrivateFolder open(String option, Path folder, String name) {
    try {
      make(option, folder);
      Path real = folder.toRealPath();
      var opened = new PrivateFolder(real, name, lock(option, real, name));
      opened.removeLibraries();
      // In another folder, running it may be forbidden, or others could replace it.
      System.setProperty("org.sqlite.tmpdir", real.toString());
      return opened;
    } catch (IOException e) {
      throw new StoreException("%s: cannot use %s: %s".formatted(option, folder, e), e);
    }
  }

  /**
   * Creates the folder if it does not exist.
   *
   * @param option the option that named it, for messages
   * @throws StoreException if it is not private, or belongs to another user
   */
  public static void require(String option, Path folder) {
    try {
      make(option, folder);
    } catch (IOException e) {
      throw new StoreException("%s: cannot use %s: %s".formatted(option, folder, e), e);
    }
  }

  private static void make(String option, Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent, PosixFilePermissions.asFileAttribute(FOLDER));
    }
    try {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    } catch (FileAlreadyExistsException there) {
      requirePrivate(option, folder);
    }
  }

  private static void requirePrivate(String option, Path folder) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isDirectory()) {
      throw new StoreException("%s: not a folder: %s".formatted(option, folder));
    }
    Object uid = Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    Object own = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!uid.equals(own)) {
      throw new StoreException(
          "%s: the folder is another user's: %s (uid=%s); remedy: give one of your own"
              .formatted(option, folder, uid));
    }
    Set<PosixFilePermission> others = EnumSet.copyOf(FOLDER);
    others.addAll(attributes.permissions());
    others.removeAll(FOLDER);
    if (!others.isEmpty()) {
      throw new StoreException(
          "%s: others may look into the folder; remedy: chmod 700 %s".formatted(option, folder));
    }
  }

  @SuppressWarnings("StreamResourceLeak") // The channel is kept: closing it ends the lock.
  private static FileChannel lock(String option, Path folder, String name) throws IOException {
    FileChannel file =
        FileChannel.open(
            folder.resolve(name + ".lock"),
            TO_READ_AND_WRITE,
            PosixFilePermissions.asFileAttribute(FILE));
    if (tryLock(file) == null) {
      file.close();
      throw StoreException.inUse(
          "%s: another kmodwatch uses the folder: %s; remedy: give each its own"
              .formatted(option, folder));
    }
    sign(file);
    return file;
  }

  /**
   * Writes the owner of the lock into the file, for people. Only the lock itself counts, also on a
   * full disk.
   */
  private static void sign(FileChannel file) {
    try {
      file.truncate(0);
      file.write(
          ByteBuffer.wrap(
              (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
    } catch (IOException notSaid) {
      // Then the file does not show the owner.
    }
  }

  private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException ours) {
      return null;
    }
  }

  /**
   * Removes native libraries that SQLite's driver unpacked here. The process removes its library
   * only if it ends normally. A library in use still works without its name.
   */
  private void removeLibraries() throws IOException {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, "sqlite-*-libsqlitejdbc.so*")) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Returns the path of the folder. */
  public Path path() {
    return folder;
  }

  /** Returns whether the disk has no room to open the database. */
  public boolean isFull() {
    try {
      return Files.getFileStore(folder).getUsableSpace() < ROOM_TO_OPEN_BYTES;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the file of the database. */
  Path database() {
    return folder.resolve(name + ".db");
  }

  /** Creates the database file. SQLite uses its mode for its other files. */
  void createDatabase() throws IOException {
    if (!Files.exists(database(), LinkOption.NOFOLLOW_LINKS)) {
      Files.createFile(database(), PosixFilePermissions.asFileAttribute(FILE));
    }
  }

  /** Renames the database with its log. Returns its new name. */
  Path setAside() throws IOException {
    Path aside = aside(1);
    for (int n = 2; n <= MAX_DAMAGED && Files.exists(aside); n++) {
      aside = aside(n);
    }
    Files.move(database(), aside, StandardCopyOption.REPLACE_EXISTING);
    Path log = folder.resolve(name + ".db-wal");
    if (Files.exists(log)) {
      Files.move(log, Path.of(aside + "-wal"), StandardCopyOption.REPLACE_EXISTING);
    }
    Files.deleteIfExists(folder.resolve(name + ".db-shm"));
    return aside;
  }

  private Path aside(int n) {
    return folder.resolve("%s.db.damaged-%d".formatted(name, n));
  }

  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      // The lock ends with the process.
    }
  }
}

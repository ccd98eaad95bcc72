package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Appends lines to a file. A batch counts as accepted only after it is on disk. A line that a crash
 * cut short is removed at the next start and sent again from the spool. A file that another process
 * renamed or removed is created again.
 */
final class FileTransport implements Transport {

  private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-------");

  private final FileTarget target;
  private volatile @Nullable FileChannel channel;
  private @Nullable Object fileKey;

  FileTransport(FileTarget target) {
    this.target = target;
  }

  @Override
  public Answer send(List<Item> batch) {
    byte[] lines = Item.lines(batch);
    try {
      FileChannel file = current();
      if (target.maxBytes() > 0
          && file.size() > 0
          && file.size() + lines.length > target.maxBytes()) {
        file = rotate();
      }
      append(file, lines);
      return new Answer.Taken();
    } catch (IOException e) {
      closeFile();
      return new Answer.Later(String.valueOf(e.getMessage()), null);
    }
  }

  private static void append(FileChannel file, byte[] lines) throws IOException {
    long before = file.size();
    try {
      ByteBuffer bytes = ByteBuffer.wrap(lines);
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      file.force(false);
    } catch (IOException e) {
      // The whole batch is sent again, so no part of it may stay.
      file.truncate(before);
      throw e;
    }
  }

  private FileChannel current() throws IOException {
    FileChannel known = channel;
    if (known != null && Objects.equals(fileKey, keyOf(target.path()))) {
      return known;
    }
    closeFile();
    return open();
  }

  private FileChannel open() throws IOException {
    Path path = target.path();
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    try {
      Files.createFile(path, PosixFilePermissions.asFileAttribute(MODE));
    } catch (FileAlreadyExistsException there) {
      if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException("not a regular file: " + path);
      }
    }
    FileChannel opened =
        FileChannel.open(
            path,
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
    try {
      cutTornLine(opened);
      opened.position(opened.size());
    } catch (IOException e) {
      opened.close();
      throw e;
    }
    channel = opened;
    fileKey = keyOf(path);
    return opened;
  }

  /** Removes a last line without a newline: a crash left it of a batch that was not accepted. */
  private static void cutTornLine(FileChannel file) throws IOException {
    long end = file.size();
    ByteBuffer piece = ByteBuffer.allocate(8192);
    while (end > 0) {
      long start = Math.max(0, end - piece.capacity());
      piece.clear().limit((int) (end - start));
      while (piece.hasRemaining() && file.read(piece, start + piece.position()) >= 0) {}
      for (int i = piece.position() - 1; i >= 0; i--) {
        if (piece.get(i) == '\n') {
          truncate(file, start + i + 1);
          return;
        }
      }
      end = start;
    }
    truncate(file, 0);
  }

  private static void truncate(FileChannel file, long size) throws IOException {
    if (file.size() > size) {
      file.truncate(size);
    }
  }

  private static @Nullable Object keyOf(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (NoSuchFileException gone) {
      return null;
    }
  }

  /**
   * Rotates the files: the file becomes number 1, number 1 becomes number 2; the file after the
   * last is deleted.
   */
  private FileChannel rotate() throws IOException {
    closeFile();
    Files.deleteIfExists(rotated(target.keep(), ""));
    Files.deleteIfExists(rotated(target.keep(), ".gz"));
    for (int n = target.keep() - 1; n >= 1; n--) {
      for (String end : List.of("", ".gz")) {
        if (Files.exists(rotated(n, end))) {
          Files.move(rotated(n, end), rotated(n + 1, end), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    if (target.keep() == 0) {
      Files.deleteIfExists(target.path());
    } else {
      Files.move(target.path(), rotated(1, ""), StandardCopyOption.REPLACE_EXISTING);
      if (target.compress()) {
        compress(rotated(1, ""), rotated(1, ".gz"));
      }
    }
    return open();
  }

  /**
   * Compresses a file. The original is deleted only after the compressed file is complete; if the
   * disk has no room, the original stays.
   */
  private static void compress(Path from, Path to) throws IOException {
    Path unfinished = to.resolveSibling(to.getFileName() + ".new");
    Files.deleteIfExists(unfinished);
    Files.createFile(unfinished, PosixFilePermissions.asFileAttribute(MODE));
    try (InputStream in = Files.newInputStream(from);
        OutputStream out = new GZIPOutputStream(Files.newOutputStream(unfinished))) {
      in.transferTo(out);
    } catch (IOException e) {
      Files.deleteIfExists(unfinished);
      return;
    }
    Files.move(unfinished, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.delete(from);
  }

  private Path rotated(int number, String end) {
    Path path = target.path();
    return path.resolveSibling(path.getFileName() + "." + number + end);
  }

  private void closeFile() {
    FileChannel open = channel;
    try {
      if (open != null) {
        open.close();
      }
    } catch (IOException e) {
      // Every accepted batch is on disk: the error is harmless.
    }
    channel = null;
  }

  @Override
  public void close() {
    closeFile();
  }
}

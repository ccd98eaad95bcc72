package org.kmodwatch.agent.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.kmodwatch.history.store.PrivateFolder;

/** Reads and writes small text files in the state folder, which other users cannot read. */
public final class StateFiles {

  private static final long MAX_BYTES = 4 << 20;

  private StateFiles() {}

  /** Returns the text of a file; empty if it cannot be read. */
  static Optional<String> read(Path file) {
    try {
      // A FIFO would block the reader for ever.
      return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) <= MAX_BYTES
          ? Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Replaces a file. A kill leaves it complete or unchanged. */
  static void replace(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(next);
    write(next, text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Overwrites a file in one write, which a kill does not cut. */
  static void writeOver(Path file, String text) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(file);
    }
    write(file, text);
  }

  /**
   * Appends to a file.
   *
   * @throws IOException if the file is missing or not a regular file
   */
  static void append(Path file, String text) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileSystemException(file.toString(), null, "is not a regular file");
    }
    try (FileChannel channel = open(file)) {
      write(channel, channel.size(), text);
    }
  }

  private static void write(Path file, String text) throws IOException {
    try (FileChannel channel = open(file)) {
      FileChannel _ = channel.truncate(write(channel, 0, text));
    }
  }

  /** Opens a file to read and to write, and creates it if it is missing. */
  public static FileChannel open(Path file) throws IOException {
    return open(file, PrivateFolder.TO_READ_AND_WRITE);
  }

  /** Opens a file. A created file is for its owner only. */
  public static FileChannel open(Path file, Set<? extends OpenOption> options) throws IOException {
    return FileChannel.open(
        file,
        options,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  /** Writes at a position. Returns the position after the text. */
  public static long write(FileChannel channel, long position, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    return at;
  }
}

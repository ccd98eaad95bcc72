package org.kmodwatch.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** Small files of text in the state folder, which nobody else may look into. */
final class StateFiles {

  private static final long MAX_BYTES = 4 << 20;

  private StateFiles() {}

  /** The text of a file; empty if there is none that can be read. */
  static Optional<String> read(Path file) {
    try {
      // A FIFO would keep the reader for ever.
      return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) <= MAX_BYTES
          ? Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Writes a file whole or, if this process is killed meanwhile, not at all. */
  static void replace(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(next);
    write(next, text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Writes over a file in one write, which a kill does not halve. */
  static void writeOver(Path file, String text) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(file);
    }
    write(file, text);
  }

  private static void write(Path file, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    int length = bytes.remaining();
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      while (bytes.hasRemaining()) {
        int ignored = channel.write(bytes, bytes.position());
      }
      FileChannel _ = channel.truncate(length);
    }
  }
}

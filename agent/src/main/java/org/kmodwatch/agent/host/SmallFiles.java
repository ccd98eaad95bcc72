package org.kmodwatch.agent.host;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** Reads files whose content and names are not trusted. */
final class SmallFiles {

  private SmallFiles() {}

  /**
   * Reads at most {@code maxBytes} of {@code file} as UTF-8, without surrounding white space.
   * Returns empty if it is not a regular file, cannot be read or has no content.
   */
  static Optional<String> read(Path file, int maxBytes) {
    return readWhole(file, maxBytes).map(String::strip).filter(text -> !text.isEmpty());
  }

  /** Does the same, but keeps the white space. An empty file has an empty text. */
  static Optional<String> readWhole(Path file, int maxBytes) {
    return readBytes(file, maxBytes).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /**
   * Reads at most {@code maxBytes} of {@code file}; empty if it is not a regular file or cannot be
   * read.
   */
  static Optional<byte[]> readBytes(Path file, int maxBytes) {
    // The open of a named pipe would wait.
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    // Buffered, because a file channel's own readNBytes seeks, which some files of sysfs refuse.
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return Optional.of(in.readNBytes(maxBytes));
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  /**
   * Returns the entry called {@code name} of {@code folder}. Returns empty if this is not a valid
   * name of an entry, or not in this process's character set.
   */
  static Optional<Path> entry(Path folder, String name) {
    if (name.isEmpty()
        || name.equals(".")
        || name.equals("..")
        || name.indexOf('/') >= 0
        // A name that could not be decoded: it cannot be encoded again.
        || name.indexOf('\ufffd') >= 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(folder.resolve(name));
    } catch (InvalidPathException notAName) {
      return Optional.empty();
    }
  }

  /** Returns whether {@code path} is a folder itself, not a link to a folder. */
  static boolean isFolder(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }
}

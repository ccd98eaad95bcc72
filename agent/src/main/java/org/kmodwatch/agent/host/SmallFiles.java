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
   * At most {@code maxBytes} of {@code file} as UTF-8, without white space around it; empty if it
   * is not a regular file or cannot be read, or if there is nothing in it.
   */
  static Optional<String> read(Path file, int maxBytes) {
    return readWhole(file, maxBytes).map(String::strip).filter(text -> !text.isEmpty());
  }

  /** Likewise, with the white space. */
  static Optional<String> readWhole(Path file, int maxBytes) {
    return readBytes(file, maxBytes).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /** Likewise, as they are. */
  static Optional<byte[]> readBytes(Path file, int maxBytes) {
    // A named pipe in the place of a file would be waited for.
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    // Buffered, since a file channel's own readNBytes seeks, which some files of sysfs refuse.
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return Optional.of(in.readNBytes(maxBytes));
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  /**
   * The entry called {@code name} of {@code folder}; empty if no entry can be called so, or none in
   * this process's character set.
   */
  static Optional<Path> entry(Path folder, String name) {
    if (name.isEmpty()
        || name.equals(".")
        || name.equals("..")
        || name.indexOf('/') >= 0
        // What could not be decoded: it cannot be turned back.
        || name.indexOf('\ufffd') >= 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(folder.resolve(name));
    } catch (InvalidPathException notAName) {
      return Optional.empty();
    }
  }

  /** Whether {@code path} is a folder itself, not by way of a link. */
  static boolean isFolder(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }
}

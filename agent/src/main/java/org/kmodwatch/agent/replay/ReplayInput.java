package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * Identifies a recording at the start of its replay. It distinguishes another or changed file
 * without reading all of it.
 *
 * @param path the absolute path
 * @param modified the time of the last write, in ISO 8601
 * @param head SHA-256 of the first 4 KiB, in hexadecimal
 */
public record ReplayInput(String path, long sizeBytes, long inode, String modified, String head) {

  private static final int HEAD_BYTES = 4 << 10;

  /**
   * Returns the current identity of {@code file}.
   *
   * @throws IOException if the file cannot be read
   */
  static ReplayInput of(Path file) throws IOException {
    Map<String, Object> attributes = Files.readAttributes(file, "unix:size,ino,lastModifiedTime");
    return new ReplayInput(
        pathOf(file),
        number(attributes, "size"),
        number(attributes, "ino"),
        attributes.get("lastModifiedTime") instanceof FileTime time ? time.toString() : "",
        head(file));
  }

  /** Returns the name of {@code file} in a checkpoint. */
  static String pathOf(Path file) {
    return file.toAbsolutePath().normalize().toString();
  }

  /** Returns how {@code now} differs, for a person; empty if it is the same file, unchanged. */
  Optional<String> differenceTo(ReplayInput now) {
    if (sizeBytes != now.sizeBytes) {
      return Optional.of("it had %d bytes and has %d".formatted(sizeBytes, now.sizeBytes));
    }
    if (!head.equals(now.head)) {
      return Optional.of("it begins with something else");
    }
    if (!modified.equals(now.modified)) {
      return Optional.of("it was written to at %s, before at %s".formatted(now.modified, modified));
    }
    return inode == now.inode
        ? Optional.empty()
        : Optional.of(
            "another file is in its place, inode %d, before %d".formatted(now.inode, inode));
  }

  private static long number(Map<String, Object> attributes, String name) {
    return attributes.get(name) instanceof Number number ? number.longValue() : 0;
  }

  private static String head(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(in.readNBytes(HEAD_BYTES)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}

package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;

/** Computes hashes that show whether files have changed. */
public final class FileDigest {

  private FileDigest() {}

  /**
   * Returns the SHA-256 of the whole file, in hexadecimal.
   *
   * @throws CommandException if the file cannot be read
   */
  static String of(Path file) {
    return ofAll(List.of(file), "");
  }

  /**
   * Returns one SHA-256 of several files. From a folder, it takes the files whose names end with
   * {@code suffix}, in the order of their names.
   *
   * @throws CommandException if a file cannot be read
   */
  static String ofAll(List<Path> places, String suffix) {
    MessageDigest digest = newDigest();
    for (Path place : places) {
      try {
        if (Files.isDirectory(place)) {
          try (Stream<Path> files = Files.list(place)) {
            for (Path file : files.filter(f -> f.toString().endsWith(suffix)).sorted().toList()) {
              add(digest, file);
            }
          }
        } else {
          add(digest, place);
        }
      } catch (IOException e) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE,
            "cannot read %s: %s".formatted(place, ReplayCommand.reason(e)),
            e);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void add(MessageDigest digest, Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new CommandException(
          ExitStatus.USAGE,
          "%s cannot be read again, as --resume has to; give a regular file".formatted(file));
    }
    var buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}

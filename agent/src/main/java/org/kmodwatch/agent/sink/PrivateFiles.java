package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/** Checks files that hold secrets. */
final class PrivateFiles {

  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private PrivateFiles() {}

  /**
   * Requires that only its owner can read or write {@code file}.
   *
   * @param what the name of the file in the message
   * @throws IOException if others can read or write it, or there is no such file
   */
  static void requirePrivate(Path file, String what) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("%s: no such file: %s".formatted(what, file));
    }
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    permissions.addAll(Files.getPosixFilePermissions(file));
    permissions.retainAll(OTHERS);
    if (!permissions.isEmpty()) {
      throw new IOException(
          "%s: others may read or write it; remedy: chmod 600 %s".formatted(what, file));
    }
  }
}

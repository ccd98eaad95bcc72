package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Files of one line by which the kernel says how it is set: in /proc/sys, securityfs, debugfs. */
final class KernelFile {

  private KernelFile() {}

  /** The line; null if it cannot be read. */
  static @Nullable String line(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return null;
    }
  }
}

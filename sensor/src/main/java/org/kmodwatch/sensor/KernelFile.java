package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads files of one line that have the kernel's settings: in /proc/sys, securityfs and debugfs.
 */
final class KernelFile {

  private KernelFile() {}

  /** Returns the line; null if it cannot be read. */
  static @Nullable String line(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return null;
    }
  }
}

package org.kmodwatch.sensor;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads the kernel's level of lockdown from its files in securityfs. While the kernel runs, the
 * level can rise, but never fall.
 */
final class Lockdown {

  private static final Path LEVELS = Path.of("/sys/kernel/security/lockdown");
  private static final Path SECURITY_MODULES = Path.of("/sys/kernel/security/lsm");

  private Lockdown() {}

  /** Returns whether the kernel was never locked down; false if that is not known. */
  static boolean isOff() {
    String levels = KernelFile.line(LEVELS);
    return isOff(levels, levels == null ? KernelFile.line(SECURITY_MODULES) : null);
  }

  /**
   * Does the same from the content of the two files.
   *
   * @param levels for example {@code [none] integrity confidentiality}
   * @param securityModules for example {@code capability,lockdown,apparmor}
   */
  static boolean isOff(@Nullable String levels, @Nullable String securityModules) {
    if (levels != null) {
      return levels.contains("[none]");
    }
    return securityModules != null && !("," + securityModules + ",").contains(",lockdown,");
  }

  /** Returns whether the kernel is locked down for confidentiality; false if that is not known. */
  static boolean isConfidential() {
    String levels = KernelFile.line(LEVELS);
    return levels != null && levels.toLowerCase(Locale.ROOT).contains("[confidentiality]");
  }
}

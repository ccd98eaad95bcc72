package org.kmodwatch.sensor;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How far the kernel is locked down, by its files in securityfs. It can be locked down further
 * while it runs, and never less.
 */
final class Lockdown {

  private static final Path LEVELS = Path.of("/sys/kernel/security/lockdown");
  private static final Path SECURITY_MODULES = Path.of("/sys/kernel/security/lsm");

  private Lockdown() {}

  /** Whether the kernel was never locked down; false where that is not known. */
  static boolean isOff() {
    String levels = KernelFile.line(LEVELS);
    return isOff(levels, levels == null ? KernelFile.line(SECURITY_MODULES) : null);
  }

  /**
   * Likewise.
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

  /** Whether it is locked down for confidentiality; false where that is not known. */
  static boolean isConfidential() {
    String levels = KernelFile.line(LEVELS);
    return levels != null && levels.toLowerCase(Locale.ROOT).contains("[confidentiality]");
  }
}

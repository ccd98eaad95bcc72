package org.kmodwatch.sensor;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the remedy if the kernel's description of its types cannot be read. */
final class MissingBtf {

  private static final String NO_BTF =
      "the kernel must be built with CONFIG_DEBUG_INFO_BTF, as those of Debian 11 and newer are";

  private MissingBtf() {}

  /**
   * Returns the remedy, as a text to follow the reason.
   *
   * @param sys where sysfs is mounted, if it is mounted
   */
  static String remedy(Path sys) {
    if (!Files.isDirectory(sys.resolve("kernel"))) {
      return "%s is not mounted; mount it: mount -t sysfs sysfs %s".formatted(sys, sys);
    }
    Path btf = sys.resolve("kernel/btf/vmlinux");
    return Files.exists(btf) ? btf + " is there: see that it can be read" : NO_BTF;
  }
}

package org.kmodwatch.lab;

import java.nio.file.Path;

/**
 * A kernel that the lab can boot. The last three are empty until it is there.
 *
 * @param name what the user calls it, such as {@code 6.12}
 * @param source the Debian package that depends on the newest kernel of this line
 * @param folder where its package is unpacked
 * @param packageName the package it came from
 * @param version that package's version
 * @param release what {@code uname -r} says in it
 */
public record LabKernel(
    String name, String source, Path folder, String packageName, String version, String release) {

  /** Whether it can be booted without fetching anything. */
  public boolean ready() {
    return !release.isEmpty();
  }

  Path image() {
    return folder.resolve("boot/vmlinuz-" + release);
  }

  Path modules() {
    return folder.resolve("lib/modules").resolve(release);
  }
}

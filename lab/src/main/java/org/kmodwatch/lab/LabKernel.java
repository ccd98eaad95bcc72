package org.kmodwatch.lab;

import java.nio.file.Path;

/**
 * A kernel that the lab can boot. The last three values are empty until it is fetched.
 *
 * @param name the user's name for it, such as {@code 6.12}
 * @param source the Debian package that depends on the newest kernel of this line
 * @param folder the folder of its unpacked package
 * @param packageName the name of its package
 * @param version the version of that package
 * @param release the output of {@code uname -r} in the guest
 */
public record LabKernel(
    String name, String source, Path folder, String packageName, String version, String release) {

  /** Returns whether the kernel is already fetched. */
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

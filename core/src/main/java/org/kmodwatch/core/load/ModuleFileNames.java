package org.kmodwatch.core.load;

import java.util.List;

/** The names of module files, as kmod reads them (libkmod/libkmod-util.c). */
public final class ModuleFileNames {

  private static final List<String> SUFFIXES = List.of(".ko", ".ko.gz", ".ko.xz", ".ko.zst");

  private ModuleFileNames() {}

  /**
   * Whether a file is named as a module is: its name, without the suffix, with '-' for '_' or the
   * other way round.
   *
   * @param path of the file
   * @param module its own name, as the kernel has it
   */
  public static boolean isNamedAs(String path, String module) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return SUFFIXES.stream()
        .filter(name::endsWith)
        .map(suffix -> name.substring(0, name.length() - suffix.length()))
        .anyMatch(own -> own.replace('-', '_').equals(module.replace('-', '_')));
  }
}

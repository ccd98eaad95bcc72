package org.kmodwatch.core.load;

import java.util.List;

/** Compares the names of module files, by the rules of kmod (libkmod/libkmod-util.c). */
public final class ModuleFileNames {

  private static final List<String> SUFFIXES = List.of(".ko", ".ko.gz", ".ko.xz", ".ko.zst");

  private ModuleFileNames() {}

  /**
   * Returns whether a file has the name of a module. The comparison ignores the suffix and treats
   * '-' and '_' as equal.
   *
   * @param path path of the file
   * @param module the module's own name in the kernel
   */
  public static boolean isNamedAs(String path, String module) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return SUFFIXES.stream()
        .filter(name::endsWith)
        .map(suffix -> name.substring(0, name.length() - suffix.length()))
        .anyMatch(own -> own.replace('-', '_').equals(module.replace('-', '_')));
  }
}

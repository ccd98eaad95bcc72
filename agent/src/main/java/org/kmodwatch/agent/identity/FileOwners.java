package org.kmodwatch.agent.identity;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;

/** Finds the package of a file, with the package systems that this host has. */
final class FileOwners {

  private final List<PackageSystem> systems;

  /** Uses the databases below {@code root}. */
  static FileOwners of(Path root) {
    return new FileOwners(List.of(new Dpkg(root), new Rpm(root)));
  }

  FileOwners(List<PackageSystem> systems) {
    this.systems = List.copyOf(systems);
  }

  /** A package system, such as dpkg. */
  interface PackageSystem {

    /** Returns whether this host has the package system. */
    boolean isPresent();

    /**
     * Returns the package that has the file.
     *
     * @param path an absolute path
     * @param contents the content of the file
     * @return the package; empty if no package has the file, or that is not known
     */
    Optional<PackageOwner> ownerOf(String path, ByteBuffer contents);
  }

  /**
   * Returns the package that has the file.
   *
   * @param path an absolute path
   * @param contents the content of the file
   */
  Optional<PackageOwner> ownerOf(String path, ByteBuffer contents) {
    for (PackageSystem system : systems) {
      if (system.isPresent()) {
        Optional<PackageOwner> owner = system.ownerOf(path, contents);
        if (owner.isPresent()) {
          return owner;
        }
      }
    }
    return Optional.empty();
  }
}

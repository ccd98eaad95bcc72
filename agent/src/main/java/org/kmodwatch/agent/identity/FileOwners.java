package org.kmodwatch.agent.identity;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;

/** Which package a file is from, by whatever package system this host has. */
final class FileOwners {

  private final List<PackageSystem> systems;

  /** Asks the databases below {@code root}. */
  static FileOwners of(Path root) {
    return new FileOwners(List.of(new Dpkg(root), new Rpm(root)));
  }

  FileOwners(List<PackageSystem> systems) {
    this.systems = List.copyOf(systems);
  }

  /** One package system. */
  interface PackageSystem {

    /** Whether this host has it. */
    boolean isPresent();

    /**
     * The package that has the file.
     *
     * @param path absolute
     * @param contents what is in the file
     * @return empty if no package has it, or nobody can say
     */
    Optional<PackageOwner> ownerOf(String path, ByteBuffer contents);
  }

  /**
   * The package that has the file.
   *
   * @param path absolute
   * @param contents what is in the file
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

package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Builds the Debian package of this checkout, for guests. */
final class DebianPackage {

  private DebianPackage() {}

  /**
   * Builds the package with {@code tools/package.sh}, without compression.
   *
   * @param log the log of the build
   * @param to the path of the package
   */
  static void make(Checkout checkout, Duration limit, Path log, Path to)
      throws IOException, InterruptedException {
    DebianGuest.call(
        limit,
        log,
        List.of(
            "bash",
            checkout.root().resolve("tools/package.sh").toString(),
            "--uncompressed",
            "--lib",
            checkout.libraryFolder().toString()));
    try (Stream<Path> made = Files.list(checkout.root().resolve("build/package"))) {
      Path deb = made.filter(file -> file.toString().endsWith(".deb")).findFirst().orElseThrow();
      Files.copy(deb, to);
    }
  }
}

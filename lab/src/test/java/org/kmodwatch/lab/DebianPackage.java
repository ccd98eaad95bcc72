package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The Debian package of this build, for guests. */
final class DebianPackage {

  private DebianPackage() {}

  /**
   * Makes it with {@code tools/package.sh}, without compression.
   *
   * @param log of the making
   * @param to where the package goes
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

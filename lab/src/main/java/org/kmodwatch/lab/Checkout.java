package org.kmodwatch.lab;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/**
 * Where things are in the checkout.
 *
 * @param root the folder of the project's own pom.xml
 */
record Checkout(Path root) {

  private static final String HOME_PROPERTY = "kmodwatch.home";

  /**
   * The one that the system property kmodwatch.home names, else the one that the working directory
   * is in.
   */
  static Checkout find() {
    String home = System.getProperty(HOME_PROPERTY);
    if (home != null) {
      return new Checkout(Path.of(home).toAbsolutePath());
    }
    return search(Path.of("").toAbsolutePath());
  }

  static Checkout search(Path start) {
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("lab/pom.xml"))) {
        return new Checkout(folder);
      }
    }
    throw new LabException.Unavailable(
        "the lab needs a checkout of Kmodwatch, and %s is not in one; remedy: run ./kmodwatch there"
            .formatted(start));
  }

  /** What the lab fetched and built, and the runs. */
  Path labFolder() {
    return root.resolve("build/lab");
  }

  Path prepareScript() {
    return root.resolve("tools/lab-prepare.sh");
  }

  /**
   * The jars that go into the guest: those that this program itself runs from, so that both are of
   * one build; Maven's where it runs from no jar.
   */
  Path libraryFolder() {
    CodeSource source = Checkout.class.getProtectionDomain().getCodeSource();
    if (source != null) {
      Path self = Path.of(URI.create(source.getLocation().toString()));
      if (Files.isRegularFile(self)) {
        return self.resolveSibling("");
      }
    }
    return root.resolve("lab/target/dist/lib");
  }

  Path guestRoot() {
    return labFolder().resolve("guest/root");
  }

  Path runtimeImage() {
    return labFolder().resolve("runtime/image");
  }

  /** The agent's jars, and the ahead-of-time cache of their classes. */
  Path guestAgent() {
    return labFolder().resolve("runtime/agent");
  }

  /** Java's options for the commands, as a package has them. */
  Path javaOptions() {
    return root.resolve("packaging/java");
  }

  /** A UEFI firmware's code and the variables that it begins with. */
  Path firmware() {
    return labFolder().resolve("firmware/usr/share/OVMF");
  }

  /** The test modules built for a kernel. */
  Path testModules(LabKernel kernel) {
    return labFolder().resolve("modules").resolve(kernel.name());
  }
}

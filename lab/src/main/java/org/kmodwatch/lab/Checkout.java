package org.kmodwatch.lab;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/**
 * Knows the folders of a checkout.
 *
 * @param root the folder of the project's own pom.xml
 */
record Checkout(Path root) {

  private static final String HOME_PROPERTY = "kmodwatch.home";

  /**
   * Returns the checkout that the system property kmodwatch.home names, else the one around the
   * working directory.
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

  /** Returns the folder of the lab's fetched and built files, and of its runs. */
  Path labFolder() {
    return root.resolve("build/lab");
  }

  Path prepareScript() {
    return root.resolve("tools/lab-prepare.sh");
  }

  /**
   * Returns the folder of the jars for the guest: the jars of this program, so that both are of one
   * build. If this program does not run from a jar, it is Maven's folder.
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

  /** Returns the folder of the agent's jars and the ahead-of-time cache of their classes. */
  Path guestAgent() {
    return labFolder().resolve("runtime/agent");
  }

  /** Returns the folder of a UEFI firmware's code and its initial variables. */
  Path firmware() {
    return labFolder().resolve("firmware/usr/share/OVMF");
  }

  /** Returns the folder of the test modules built for a kernel. */
  Path testModules(LabKernel kernel) {
    return labFolder().resolve("modules").resolve(kernel.name());
  }
}

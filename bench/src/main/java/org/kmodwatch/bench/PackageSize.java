package org.kmodwatch.bench;

import java.nio.file.Files;

/** Measures the size of the Debian package. */
final class PackageSize implements Measurement {

  private static final double MIB = 1 << 20;
  private static final int DEB_MIB = 60;
  private static final int INSTALLED_MIB = 140;

  @Override
  public String name() {
    return "package";
  }

  @Override
  public String summary() {
    return "size of the package, and of what it installs; a minute";
  }

  @Override
  public Figures measure(Workplace workplace) throws Exception {
    DebianPackage made = DebianPackage.make(workplace);
    double deb = Files.size(made.deb()) / MIB;
    double installed = made.installedKib() / 1024.0;
    return new Figures.Builder()
        .add(
            "the .deb, with the run-time image",
            "%.1f MiB".formatted(deb),
            "at most %d MiB".formatted(DEB_MIB),
            deb <= DEB_MIB)
        .add(
            "installed",
            "%.1f MiB".formatted(installed),
            "at most %d MiB".formatted(INSTALLED_MIB),
            installed <= INSTALLED_MIB)
        .build();
  }
}

package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.kmodwatch.lab.AddedFile;

/** Builds the Debian package from this checkout, as for a release. */
final class DebianPackage {

  private static final int LIMIT_SECONDS = 600;

  private final Workplace workplace;
  private final Path deb;

  private DebianPackage(Workplace workplace, Path deb) {
    this.workplace = workplace;
    this.deb = deb;
  }

  static DebianPackage make(Workplace workplace) throws IOException, InterruptedException {
    workplace.run(LIMIT_SECONDS, List.of("bash", "tools/package.sh"));
    try (Stream<Path> files = Files.list(workplace.root().resolve("build/package"))) {
      return new DebianPackage(
          workplace,
          files.filter(file -> file.toString().endsWith(".deb")).findFirst().orElseThrow());
    }
  }

  Path deb() {
    return deb;
  }

  long installedKib() throws IOException, InterruptedException {
    return Long.parseLong(
        workplace
            .run(LIMIT_SECONDS, List.of("dpkg-deb", "-f", deb.toString(), "Installed-Size"))
            .strip());
  }

  /** Returns the package's content as a file for a guest: package.tar. */
  AddedFile forGuest() throws IOException, InterruptedException {
    Path tar = workplace.folder("package").resolve("package.tar");
    shell("dpkg-deb --fsys-tarfile \"$0\" >\"$1\"", tar);
    return AddedFile.parse(tar + ":/root/package.tar");
  }

  /** Unpacks the package on this machine, and returns the folder that stands for /. */
  Path unpacked() throws IOException, InterruptedException {
    Path folder = workplace.folder("package").resolve("root");
    shell("rm -rf \"$1\" && dpkg-deb -x \"$0\" \"$1\"", folder);
    return folder;
  }

  private void shell(String script, Path target) throws IOException, InterruptedException {
    String ignored =
        workplace.run(
            LIMIT_SECONDS, List.of("sh", "-c", script, deb.toString(), target.toString()));
  }
}

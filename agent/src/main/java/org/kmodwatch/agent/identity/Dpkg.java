package org.kmodwatch.agent.identity;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;

/**
 * The database of dpkg, read directly (dpkg's doc/, deb-md5sums(5), and the files themselves).
 * Below {@code var/lib/dpkg}, {@code info/PACKAGE.list} has a path a line, {@code
 * info/PACKAGE.md5sums} has an MD5 digest and a path without the leading slash. {@code status} has
 * a paragraph per package.
 *
 * <p>A kernel's modules are all in one package. So the package of the last module is tried first,
 * and only then the others.
 */
final class Dpkg implements FileOwners.PackageSystem {

  /** The number of cached files without a package, and of packages to try first. */
  private static final int MAX_KEPT = 64;

  /** The longest line that dpkg writes. */
  private static final int MAX_LINE = 8192;

  private static final String LIST = ".list";

  private final Path database;
  private final Map<String, FileTime> unowned = new RecentMap<>(MAX_KEPT);
  private final Map<String, Boolean> asked = new RecentMap<>(MAX_KEPT);
  private final Map<String, Version> versions = new RecentMap<>(MAX_KEPT);

  Dpkg(Path root) {
    this.database = root.resolve("var/lib/dpkg");
  }

  /** A package's version, valid while the status file is unchanged. */
  private record Version(FileTime statusTime, String text) {}

  @Override
  public boolean isPresent() {
    return Files.isRegularFile(database.resolve("status"));
  }

  @Override
  public Optional<PackageOwner> ownerOf(String path, ByteBuffer contents) {
    try {
      FileTime time = Files.getLastModifiedTime(database.resolve("info"));
      if (time.equals(unowned.get(path))) {
        return Optional.empty();
      }
      for (String name : namesOf(path)) {
        String owner = packageOf(name);
        if (owner != null) {
          asked.put(owner, Boolean.TRUE);
          return Optional.of(
              new PackageOwner(
                  "dpkg", plainName(owner), version(owner), changed(owner, name, contents)));
        }
      }
      unowned.put(path, time);
    } catch (IOException | UncheckedIOException unreadable) {
      // The files are being removed or upgraded, or are not readable: the owner is unknown.
    }
    return Optional.empty();
  }

  /**
   * Returns the names that packages may have for a path. If /lib is a link to /usr/lib, packages
   * may have either name.
   */
  private static List<String> namesOf(String path) {
    if (path.startsWith("/usr/lib/")) {
      return List.of(path, path.substring("/usr".length()));
    }
    return path.startsWith("/lib/") ? List.of(path, "/usr" + path) : List.of(path);
  }

  private @Nullable String packageOf(String path) throws IOException {
    var first = new ArrayList<>(asked.keySet());
    for (String candidate : first.reversed()) {
      if (has(candidate, path)) {
        return candidate;
      }
    }
    try (DirectoryStream<Path> lists =
        Files.newDirectoryStream(database.resolve("info"), "*" + LIST)) {
      for (Path list : lists) {
        String file = String.valueOf(list.getFileName());
        String candidate = file.substring(0, file.length() - LIST.length());
        if (!first.contains(candidate) && has(candidate, path)) {
          return candidate;
        }
      }
    }
    return null;
  }

  private boolean has(String candidate, String path) throws IOException {
    Path list = database.resolve("info").resolve(candidate + LIST);
    if (!Files.isRegularFile(list)) {
      return false;
    }
    try (BufferedReader lines = Files.newBufferedReader(list, StandardCharsets.ISO_8859_1)) {
      String wanted =
          new String(path.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(wanted)) {
          return true;
        }
      }
      return false;
    }
  }

  /**
   * Returns whether the contents differ from the shipped file; null if the package has no digest of
   * it.
   */
  private @Nullable Boolean changed(String owner, String path, ByteBuffer contents)
      throws IOException {
    Path sums = database.resolve("info").resolve(owner + ".md5sums");
    if (!Files.isRegularFile(sums)) {
      return null;
    }
    String ending =
        "  "
            + new String(
                path.substring(1).getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    try (BufferedReader lines = Files.newBufferedReader(sums, StandardCharsets.ISO_8859_1)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.length() < MAX_LINE
            && line.endsWith(ending)
            && line.length() == 32 + ending.length()) {
          return !Digests.md5(contents).equals(line.substring(0, 32));
        }
      }
    }
    return null;
  }

  private String version(String owner) throws IOException {
    Path status = database.resolve("status");
    FileTime time = Files.getLastModifiedTime(status);
    Version known = versions.get(owner);
    if (known != null && known.statusTime().equals(time)) {
      return known.text();
    }
    String version = readVersion(status, plainName(owner), architecture(owner));
    versions.put(owner, new Version(time, version));
    return version;
  }

  private static String readVersion(Path status, String name, @Nullable String architecture)
      throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(status, StandardCharsets.ISO_8859_1)) {
      String version = "";
      boolean here = false;
      boolean fits = false;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isEmpty()) {
          if (here && fits) {
            return version;
          }
          here = false;
        } else if (line.startsWith("Package: ")) {
          here = line.substring("Package: ".length()).equals(name);
          fits = architecture == null;
          version = "";
        } else if (here && line.startsWith("Version: ")) {
          version = line.substring("Version: ".length());
        } else if (here && architecture != null && line.equals("Architecture: " + architecture)) {
          fits = true;
        }
      }
      return here && fits ? version : "";
    }
  }

  /**
   * Returns the architecture in the name of a package's files. Packages that can be installed for
   * several architectures have it there.
   */
  private static @Nullable String architecture(String owner) {
    int colon = owner.indexOf(':');
    return colon < 0 ? null : owner.substring(colon + 1);
  }

  private static String plainName(String owner) {
    int colon = owner.indexOf(':');
    return colon < 0 ? owner : owner.substring(0, colon);
  }
}

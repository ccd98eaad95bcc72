package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;

/**
 * Queries the database of rpm with its tool, because its form differs between versions: {@code rpm
 * -q -f} with a query format (rpm-queryformat(7)).
 */
final class Rpm implements FileOwners.PackageSystem {

  /** A query takes some tens of milliseconds. A locked database makes it wait. */
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final int MAX_ANSWER = 4 << 20;

  private static final List<String> DATABASES = List.of("usr/lib/sysimage/rpm", "var/lib/rpm");

  private static final String HEAD =
      "kmodwatch %{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n";

  private static final String FILES = "[%{FILEDIGESTS} %{FILENAMES}\\n]";

  private final Path root;
  private final List<Path> programs;

  Rpm(Path root) {
    this(root, List.of(Path.of("/usr/bin/rpm"), Path.of("/bin/rpm")));
  }

  Rpm(Path root, List<Path> programs) {
    this.root = root;
    this.programs = List.copyOf(programs);
  }

  @Override
  public boolean isPresent() {
    return program().isPresent() && hasEntries(database());
  }

  private Path database() {
    return DATABASES.stream()
        .map(root::resolve)
        .filter(Rpm::hasEntries)
        .findFirst()
        .orElse(root.resolve(DATABASES.getLast()));
  }

  private static boolean hasEntries(Path folder) {
    try (var entries = Files.newDirectoryStream(folder)) {
      return entries.iterator().hasNext();
    } catch (IOException absent) {
      return false;
    }
  }

  private Optional<Path> program() {
    return programs.stream().filter(Files::isExecutable).findFirst();
  }

  @Override
  public Optional<PackageOwner> ownerOf(String path, ByteBuffer contents) {
    if (!path.startsWith("/") || path.indexOf('\n') >= 0 || path.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    Path program = program().orElse(null);
    if (program == null) {
      return Optional.empty();
    }
    var command = new ArrayList<>(List.of(program.toString()));
    if (!root.equals(Path.of("/"))) {
      command.addAll(List.of("--dbpath", database().toAbsolutePath().toString()));
    }
    command.addAll(List.of("-q", "--queryformat", HEAD + FILES, "-f", "--", path));
    try {
      String answer = run(command);
      return answer == null ? Optional.empty() : read(answer, path, contents);
    } catch (IOException cannotRun) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static @Nullable String run(List<String> command)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C.UTF-8");
    Path answer = Files.createTempFile("kmodwatch-rpm", null);
    try {
      builder.redirectInput(Path.of("/dev/null").toFile());
      builder.redirectOutput(answer.toFile());
      builder.redirectError(ProcessBuilder.Redirect.DISCARD);
      Process process = builder.start();
      if (!process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return null;
      }
      if (process.exitValue() != 0) {
        return null;
      }
      try (InputStream in = Files.newInputStream(answer)) {
        return new String(in.readNBytes(MAX_ANSWER), StandardCharsets.UTF_8);
      }
    } finally {
      Files.deleteIfExists(answer);
    }
  }

  private static Optional<PackageOwner> read(String answer, String path, ByteBuffer contents) {
    String[] lines = answer.split("\n", -1);
    String[] head = lines[0].split(" ", -1);
    if (head.length != 3 || !head[0].equals("kmodwatch")) {
      return Optional.empty();
    }
    Boolean changed = null;
    for (String line : lines) {
      int space = line.indexOf(' ');
      if (space > 0 && line.substring(space + 1).equals(path)) {
        changed = changed(line.substring(0, space), contents);
      }
    }
    return Optional.of(new PackageOwner("rpm", head[1], head[2], changed));
  }

  /** Compares the contents with rpm's digest. The digest's length determines the algorithm. */
  private static @Nullable Boolean changed(String digest, ByteBuffer contents) {
    String algorithm =
        switch (digest.length()) {
          case 32 -> "MD5";
          case 40 -> "SHA-1";
          case 64 -> "SHA-256";
          case 96 -> "SHA-384";
          case 128 -> "SHA-512";
          default -> null;
        };
    return algorithm == null ? null : (Boolean) !Digests.digest(algorithm, contents).equals(digest);
  }
}

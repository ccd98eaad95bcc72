package org.kmodwatch.agent.doctor;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * This machine as its /proc and /sys show it.
 *
 * @param root where the file system begins; "/" except in tests
 * @param architecture as {@code uname -m} has it
 */
public record Machine(Path root, String architecture) {

  /** No file of /proc and /sys that is read here is larger. */
  private static final int MAX_BYTES = 1 << 20;

  /** The machine whose file system begins at {@code root}, of this process's architecture. */
  public static Machine at(Path root) {
    String arch = System.getProperty("os.arch", "unknown");
    return new Machine(root, arch.equals("amd64") ? "x86_64" : arch);
  }

  /** What {@code uname -r} says. */
  public String kernelRelease() {
    return read("proc/sys/kernel/osrelease").orElse("of unknown release");
  }

  /** Whether the kernel can load modules at all. */
  public boolean supportsModules() {
    return exists("proc/modules");
  }

  /** The one line that says why there is nothing to do here. */
  public String noModulesMessage() {
    return "kernel %s %s has no module support (CONFIG_MODULES is off): there is nothing to watch"
        .formatted(kernelRelease(), architecture);
  }

  /** This process's effective capabilities, as bits; empty if they cannot be read. */
  public OptionalLong effectiveCapabilities() {
    return read("proc/self/status").stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith("CapEff:"))
        .map(line -> line.substring("CapEff:".length()).strip())
        .filter(bits -> bits.matches("[0-9a-fA-F]{1,16}"))
        .mapToLong(bits -> Long.parseUnsignedLong(bits, 16))
        .findFirst();
  }

  boolean exists(String path) {
    return Files.exists(root.resolve(path));
  }

  /** What is in a file, without white space around it; empty if it cannot be read. */
  Optional<String> read(String path) {
    // Buffered, since a file channel's own readNBytes seeks, which some files of securityfs refuse.
    try (InputStream in = new BufferedInputStream(Files.newInputStream(root.resolve(path)))) {
      return Optional.of(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8).strip());
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }
}

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
 * Reads this machine's state from its /proc and /sys.
 *
 * @param root the beginning of the file system; "/" except in tests
 * @param architecture the architecture as in {@code uname -m}
 */
public record Machine(Path root, String architecture) {

  /** The largest size that is read. All files of /proc and /sys that are read here are smaller. */
  private static final int MAX_BYTES = 1 << 20;

  /**
   * Returns the machine whose file system begins at {@code root}, with this process's architecture.
   */
  public static Machine at(Path root) {
    String arch = System.getProperty("os.arch", "unknown");
    return new Machine(root, arch.equals("amd64") ? "x86_64" : arch);
  }

  /** Returns the kernel's release as in {@code uname -r}. */
  public String kernelRelease() {
    return read("proc/sys/kernel/osrelease").orElse("of unknown release");
  }

  /** Returns whether the kernel can load modules. */
  public boolean supportsModules() {
    return exists("proc/modules");
  }

  /** Returns the line with the reason why no module can be watched here. */
  public String noModulesMessage() {
    return "kernel %s %s has no module support (CONFIG_MODULES is off): there is nothing to watch"
        .formatted(kernelRelease(), architecture);
  }

  /** Returns this process's effective capabilities, as bits; empty if they cannot be read. */
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

  /** Reads a file without surrounding white space; empty if it cannot be read. */
  Optional<String> read(String path) {
    // Buffered, because a file channel's own readNBytes seeks, which some files of securityfs
    // refuse.
    try (InputStream in = new BufferedInputStream(Files.newInputStream(root.resolve(path)))) {
      return Optional.of(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8).strip());
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }
}

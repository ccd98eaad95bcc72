package org.kmodwatch.agent.host;

import java.nio.file.Path;
import java.util.Optional;
import org.kmodwatch.core.load.LoadRecord;

/** Reads the facts about the host that load records contain. */
public final class HostFacts {

  /** The largest size of a file. Each file is one short line. */
  private static final int MAX_BYTES = 4096;

  private HostFacts() {}

  /**
   * Reads the host whose file system begins at {@code root}. A fact that cannot be read is null.
   *
   * @param arch the machine, as in uname
   */
  public static LoadRecord.Host of(Path root, String arch) {
    return new LoadRecord.Host(
        line(root, "proc/sys/kernel/hostname").orElse(null),
        line(root, "etc/machine-id").orElse(null),
        line(root, "proc/sys/kernel/random/boot_id").orElse(null),
        kernelRelease(root).orElse(null),
        arch);
  }

  /** Returns the running kernel's release, as in uname. */
  public static Optional<String> kernelRelease(Path root) {
    return line(root, "proc/sys/kernel/osrelease");
  }

  /** Returns the program that the kernel starts to load a module; empty if it starts none. */
  public static Optional<String> modprobePath(Path root) {
    return line(root, "proc/sys/kernel/modprobe");
  }

  private static Optional<String> line(Path root, String file) {
    return SmallFiles.read(root.resolve(file), MAX_BYTES);
  }
}

package org.kmodwatch.agent.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder that looks like the root of a machine. */
public final class FakeRoot {
  private final Path root;

  private FakeRoot(Path root) {
    this.root = root;
  }

  /** A machine on which everything is as it should be. */
  public static FakeRoot healthyIn(Path folder) {
    return new FakeRoot(folder)
        .with("proc/sys/kernel/osrelease", "6.12.117\n")
        .with("proc/modules", "")
        .with("proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n")
        .with("proc/self/mounts", "bpf /sys/fs/bpf bpf rw 0 0\n")
        .with("proc/sys/net/core/bpf_jit_enable", "1\n")
        .with("proc/sys/kernel/ftrace_enabled", "1\n")
        .with("proc/sys/kernel/modules_disabled", "0\n")
        .with("proc/sys/kernel/unprivileged_bpf_disabled", "2\n")
        .with("sys/kernel/btf/vmlinux", "")
        .with("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        .with("sys/kernel/security/lsm", "lockdown,capability,yama,bpf\n")
        .with("sys/module/module/parameters/sig_enforce", "N\n")
        .with("usr/lib/x86_64-linux-gnu/libbpf.so.1", "");
  }

  public FakeRoot with(String file, String content) {
    try {
      Path path = root.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, content);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public FakeRoot without(String file) {
    try {
      Files.delete(root.resolve(file));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Machine machine() {
    return new Machine(root, "x86_64");
  }
}

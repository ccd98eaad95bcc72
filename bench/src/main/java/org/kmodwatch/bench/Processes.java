package org.kmodwatch.bench;

import java.util.SplittableRandom;

/** Generates the processes of a fictional machine, some of them in containers of pods. */
final class Processes {

  private static final int HEX_CHARS = 64;

  /** Sets how many of ten processes are in a container. */
  private static final int CONTAINERS_OF_TEN = 6;

  /** Lists process names, at most 15 bytes, with their executables. */
  private static final String[][] PROGRAMS = {
    {"nginx", "/usr/sbin/nginx"},
    {"postgres", "/usr/lib/postgresql/16/bin/postgres"},
    {"java", "/opt/java/openjdk/bin/java"},
    {"node", "/usr/local/bin/node"},
    {"python3", "/usr/bin/python3.11"},
    {"sh", "/usr/bin/dash"},
    {"bash", "/usr/bin/bash"},
    {"kubelet", "/usr/bin/kubelet"},
    {"containerd", "/usr/bin/containerd"},
    {"runc:[2:INIT]", "/usr/bin/runc"},
    {"coredns", "/coredns"},
    {"sshd", "/usr/sbin/sshd"},
    {"cron", "/usr/sbin/cron"},
    {"systemd-modules", "/usr/lib/systemd/systemd-modules-load"},
    {"modprobe", "/usr/bin/kmod"},
    {"module_exporter", "/opt/monitoring/module_exporter"},
    {"überwachung", "/opt/überwachung/bin/überwachung"}
  };

  private static final String[][] LOADERS = {
    {"modprobe", "/usr/bin/kmod"},
    {"insmod", "/usr/bin/kmod"},
    {"systemd-udevd", "/usr/bin/udevadm"},
    {"(udev-worker)", "/usr/bin/udevadm"}
  };

  private static final String[] HOSTS = {"node-a1", "node-a2", "wren", "edge-07"};

  private static final String[][] PODS = {
    {"orders", "registry.example.net/shop/orders:4.12.1"},
    {"payments", "registry.example.net/shop/payments:2.0.7"},
    {"coredns", "registry.k8s.io/coredns/coredns:v1.11.3"},
    {"grafana", "docker.io/grafana/grafana:11.2.0"},
    {"batch-import", "registry.example.net/etl/batch-import@latest"}
  };

  private static final String[] NAMESPACES = {"production", "kube-system", "monitoring", "staging"};

  private final SplittableRandom random;

  Processes(SplittableRandom random) {
    this.random = random;
  }

  /**
   * Describes a process and its container.
   *
   * @param pid the process id inside the namespace
   * @param hostPid the process id on the host
   */
  record Actor(
      String comm,
      String executable,
      String host,
      int pid,
      int tid,
      int parent,
      int hostPid,
      int hostTid,
      int hostParent,
      long cgroupId,
      int userId,
      long entityId,
      long startNanos,
      boolean inContainer,
      String containerId,
      String containerName,
      String image,
      String digest,
      String podName,
      String podNamespace,
      String podUid) {}

  /** Returns any process. */
  Actor any() {
    return process(
        PROGRAMS[random.nextInt(PROGRAMS.length)], random.nextInt(10) < CONTAINERS_OF_TEN);
  }

  /** Returns a process that loads modules: seldom in a container. */
  Actor loader() {
    return process(LOADERS[random.nextInt(LOADERS.length)], random.nextInt(10) == 0);
  }

  private Actor process(String[] program, boolean inContainer) {
    int hostPid = 1_000 + random.nextInt(4_000_000);
    int hostTid = hostPid + (random.nextInt(3) == 0 ? 1 + random.nextInt(40) : 0);
    int hostParent = 1 + random.nextInt(4_000_000);
    int pid = inContainer ? 1 + random.nextInt(300) : hostPid;
    String[] pod = PODS[random.nextInt(PODS.length)];
    return new Actor(
        program[0],
        program[1],
        HOSTS[random.nextInt(HOSTS.length)],
        pid,
        pid + hostTid - hostPid,
        inContainer ? 0 : hostParent,
        hostPid,
        hostTid,
        hostParent,
        random.nextInt(20) == 0 ? -1 - random.nextInt(1_000) : 4_000 + random.nextInt(90_000),
        random.nextInt(3) == 0 ? 1_000 + random.nextInt(9_000) : 0,
        random.nextLong(1L << 32),
        1_763_000_000_000_000_000L + random.nextLong(700_000_000_000_000L),
        inContainer,
        hex(HEX_CHARS),
        pod[0],
        pod[1],
        "sha256:" + hex(HEX_CHARS),
        pod[0] + "-" + hex(9) + "-" + hex(5),
        NAMESPACES[random.nextInt(NAMESPACES.length)],
        "%s-%s-4%s-9%s-%s".formatted(hex(8), hex(4), hex(3), hex(3), hex(12)));
  }

  private String hex(int chars) {
    var text = new StringBuilder(chars);
    for (int i = 0; i < chars; i++) {
      text.append(Character.forDigit(random.nextInt(16), 16));
    }
    return text.toString();
  }
}

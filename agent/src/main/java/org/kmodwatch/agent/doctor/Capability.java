package org.kmodwatch.agent.doctor;

import java.util.List;
import java.util.stream.Stream;

/** The capabilities that matter to the sensor (include/uapi/linux/capability.h). */
public enum Capability {
  /** Stands in for CAP_DAC_READ_SEARCH, and is more. */
  CAP_DAC_OVERRIDE(1),
  /** Reading files whatever their modes say. */
  CAP_DAC_READ_SEARCH(2),
  /** Stands in for CAP_BPF and CAP_PERFMON. */
  CAP_SYS_ADMIN(21),
  /** Before Linux 5.11: more locked memory. */
  CAP_SYS_RESOURCE(24),
  /** Kernel addresses in /proc/kallsyms. */
  CAP_SYSLOG(34),
  /** Programs that trace the kernel. */
  CAP_PERFMON(38),
  /** BPF maps, BTF, programs. */
  CAP_BPF(39);

  private final int bit;

  Capability(int bit) {
    this.bit = bit;
  }

  /** Whether it is in {@code set}, bits as in /proc/PID/status. */
  public boolean isIn(long set) {
    return (set >>> bit & 1) == 1;
  }

  /** Those that {@code set} lacks to load and attach the sensor's programs; empty if none. */
  public static List<Capability> missingForSensor(long set) {
    return sufficeForSensor(set)
        ? List.of()
        : Stream.of(CAP_BPF, CAP_PERFMON).filter(c -> !c.isIn(set)).toList();
  }

  /** Whether {@code set} is enough to read files that are private to others. */
  public static boolean sufficeForPrivateFiles(long set) {
    return CAP_DAC_OVERRIDE.isIn(set) || CAP_DAC_READ_SEARCH.isIn(set);
  }

  /** Whether {@code set} is enough to load and attach the sensor's programs. */
  public static boolean sufficeForSensor(long set) {
    return CAP_SYS_ADMIN.isIn(set) || (CAP_BPF.isIn(set) && CAP_PERFMON.isIn(set));
  }
}

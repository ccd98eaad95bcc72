package org.kmodwatch.agent.doctor;

import java.util.List;
import java.util.stream.Stream;

/** The capabilities that matter to the sensor (include/uapi/linux/capability.h). */
public enum Capability {
  /** Includes CAP_DAC_READ_SEARCH, and allows more. */
  CAP_DAC_OVERRIDE(1),
  /** Allows reading of files regardless of their modes. */
  CAP_DAC_READ_SEARCH(2),
  /** Includes CAP_BPF and CAP_PERFMON. */
  CAP_SYS_ADMIN(21),
  /** Allows more locked memory, which is needed before Linux 5.11. */
  CAP_SYS_RESOURCE(24),
  /** Shows kernel addresses in /proc/kallsyms. */
  CAP_SYSLOG(34),
  /** Allows programs that trace the kernel. */
  CAP_PERFMON(38),
  /** Allows BPF maps, BTF and programs. */
  CAP_BPF(39);

  private final int bit;

  Capability(int bit) {
    this.bit = bit;
  }

  /** Returns whether the capability is in {@code set}, bits as in /proc/PID/status. */
  public boolean isIn(long set) {
    return (set >>> bit & 1) == 1;
  }

  /**
   * Returns the capabilities that {@code set} lacks to load and attach the sensor's programs; empty
   * if it lacks none.
   */
  public static List<Capability> missingForSensor(long set) {
    return sufficeForSensor(set)
        ? List.of()
        : Stream.of(CAP_BPF, CAP_PERFMON).filter(c -> !c.isIn(set)).toList();
  }

  /** Returns whether {@code set} is enough to read other users' private files. */
  public static boolean sufficeForPrivateFiles(long set) {
    return CAP_DAC_OVERRIDE.isIn(set) || CAP_DAC_READ_SEARCH.isIn(set);
  }

  /** Returns whether {@code set} is enough to load and attach the sensor's programs. */
  public static boolean sufficeForSensor(long set) {
    return CAP_SYS_ADMIN.isIn(set) || (CAP_BPF.isIn(set) && CAP_PERFMON.isIn(set));
  }
}

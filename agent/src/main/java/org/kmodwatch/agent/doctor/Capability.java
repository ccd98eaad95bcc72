package org.kmodwatch.agent.doctor;

/** The capabilities that matter to the sensor (include/uapi/linux/capability.h). */
public enum Capability {
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

  /** Whether {@code set} is enough to load and attach the sensor's programs. */
  public static boolean sufficeForSensor(long set) {
    return CAP_SYS_ADMIN.isIn(set) || (CAP_BPF.isIn(set) && CAP_PERFMON.isIn(set));
  }
}

package org.kmodwatch.sensor;

/** The ways of records out of the kernel: {@code enum kw_lane}. */
enum Lane {
  /** Attempts, behind a limit for each user and cgroup. */
  ATTEMPTS,
  /** What the kernel accepted. */
  LOADS
}

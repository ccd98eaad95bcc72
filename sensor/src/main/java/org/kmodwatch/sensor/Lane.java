package org.kmodwatch.sensor;

/** The lanes by which records leave the kernel: {@code enum kw_lane}. */
enum Lane {
  /** Attempts, behind a limit for each user and cgroup. */
  ATTEMPTS,
  /** Records of loads that the kernel accepted. */
  LOADS
}

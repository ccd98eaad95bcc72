package org.kmodwatch.sensor;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Whether the running kernel preempts tasks in the kernel. A program that a task is in as it is
 * preempted is skipped for others on that processor (kernel/bpf/trampoline.c,
 * __bpf_prog_enter_recur), so then entry and return of a call have a second program. Where it
 * cannot be that one would make the start longer for nothing.
 */
final class Preemption {

  private static final Path VERSION = Path.of("/proc/sys/kernel/version");

  /** What PREEMPT_DYNAMIC has chosen, in parentheses: kernel/sched/debug.c. */
  private static final Path MODE = Path.of("/sys/kernel/debug/sched/preempt");

  private Preemption() {}

  /** Whether it does, or may for all that can be read. */
  static boolean isPossible() {
    return isPossible(KernelFile.line(VERSION), KernelFile.line(MODE));
  }

  /**
   * The same from what the kernel says.
   *
   * @param version {@code #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1}; null if it cannot be read
   * @param mode {@code none (voluntary) full}; null if it cannot be read
   */
  static boolean isPossible(@Nullable String version, @Nullable String mode) {
    if (version != null && !version.contains("PREEMPT")) {
      return false;
    }
    return mode == null || !(mode.contains("(none)") || mode.contains("(voluntary)"));
  }
}

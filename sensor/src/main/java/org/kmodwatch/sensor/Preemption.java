package org.kmodwatch.sensor;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Finds whether the running kernel preempts tasks in the kernel. If a task is preempted inside a
 * program, that program is skipped for others on that processor (kernel/bpf/trampoline.c,
 * __bpf_prog_enter_recur). So then entry and return of a call have a second program. Without
 * preemption, the second program would only make the start longer.
 */
final class Preemption {

  private static final Path VERSION = Path.of("/proc/sys/kernel/version");

  /** The file with the choice of PREEMPT_DYNAMIC, in parentheses: kernel/sched/debug.c. */
  private static final Path MODE = Path.of("/sys/kernel/debug/sched/preempt");

  private Preemption() {}

  /** Returns whether the kernel preempts, or may do so if that cannot be read. */
  static boolean isPossible() {
    return isPossible(KernelFile.line(VERSION), KernelFile.line(MODE));
  }

  /**
   * Does the same from the kernel's own texts.
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

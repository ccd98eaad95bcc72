package org.kmodwatch.agent;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Holds what one input of a fuzzer costs: a small input that takes long, or much, is a finding. */
public final class FuzzCost {

  /** Of a processor, and of instrumented code; the inputs are of a MiB at most. */
  private static final Duration LONGEST = Duration.ofSeconds(4);

  private static final long FIXED_BYTES = 64L << 20;

  private static final long BYTES_PER_BYTE = 1000;

  private static final int RUNS = 4;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private FuzzCost() {}

  /**
   * Runs {@code body} on an input of so many bytes; again where it cost too much, since what runs
   * for the first time loads classes, which the fuzzer rewrites on this thread. What is too much
   * each time is a finding.
   */
  public static void hold(int bytes, Runnable body) {
    String all = "";
    for (int i = 0; i < RUNS; i++) {
      String excess = excess(bytes, body);
      if (excess == null) {
        return;
      }
      all += excess + "; ";
    }
    throw new AssertionError(all);
  }

  private static @Nullable String excess(int bytes, Runnable body) {
    long beginNanos = THREADS.getCurrentThreadCpuTime();
    long beginBytes = THREADS.getCurrentThreadAllocatedBytes();
    body.run();
    long nanos = THREADS.getCurrentThreadCpuTime() - beginNanos;
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - beginBytes;
    if (nanos > LONGEST.toNanos()) {
      return "too slow: bytes=%d, nanos=%d".formatted(bytes, nanos);
    }
    return allocated > FIXED_BYTES + bytes * BYTES_PER_BYTE
        ? "too much memory: bytes=%d, taken=%d".formatted(bytes, allocated)
        : null;
  }
}

package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait after each failure in a row: exponential, with full jitter. */
final class Backoff {
  private final Duration first;
  private final Duration most;
  private final RandomGenerator random;
  private int failures;

  Backoff(Duration first, Duration most, RandomGenerator random) {
    this.first = first;
    this.most = most;
    this.random = random;
  }

  /** From 0 to {@code first}, then to twice that, and so on up to {@code most}. */
  Duration next() {
    long bound =
        failures >= 30
            ? most.toNanos()
            : (long) Math.min((double) most.toNanos(), first.toNanos() * Math.pow(2, failures));
    failures++;
    return Duration.ofNanos(random.nextLong(bound + 1));
  }

  void succeeded() {
    failures = 0;
  }
}

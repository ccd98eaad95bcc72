package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Computes the delay after each consecutive failure: exponential, with full jitter. */
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

  /**
   * Returns a random delay from 0 to a bound. The bound is {@code first} at first and doubles with
   * each failure, up to {@code most}.
   */
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

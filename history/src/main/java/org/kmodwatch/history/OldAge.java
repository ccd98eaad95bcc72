package org.kmodwatch.history;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Decides which records are too old. Age uses the wall clock, since it must survive restarts of
 * this process and of the machine. A clock set years forward would make all records too old at
 * once. So for a day after a step forward no record is too old: within that day somebody corrects
 * the clock, or it was right.
 *
 * <p>Not thread-safe.
 */
final class OldAge {

  static final Duration DOUBT = Duration.ofDays(1);

  /** Allows for the drift between the two clocks. */
  private static final Duration TOLERANCE = Duration.ofMinutes(1);

  private final Duration maxAge;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private boolean known;
  private boolean doubted;
  private Instant lastTime = Instant.EPOCH;
  private long lastNanos;
  private long doubtedNanos;

  /**
   * Creates an instance without a known time.
   *
   * @param clock the wall clock
   * @param nanoTime a clock that cannot be set, as {@link System#nanoTime}
   */
  OldAge(Duration maxAge, InstantSource clock, LongSupplier nanoTime) {
    this.maxAge = maxAge;
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /** Returns whether {@link #newest} must be called first, since this process has not asked yet. */
  boolean isNew() {
    return !known;
  }

  /** Takes the time of the newest record that an earlier process left. */
  void newest(Instant time) {
    note(clock.instant(), time.plus(DOUBT));
  }

  /** Returns the time before which records are too old; empty if no record is too old. */
  Optional<Instant> before() {
    Instant now = clock.instant();
    long nowNanos = nanoTime.getAsLong();
    note(now, known ? lastTime.plusNanos(nowNanos - lastNanos).plus(TOLERANCE) : now);
    if (doubted && nowNanos - doubtedNanos >= DOUBT.toNanos()) {
      doubted = false;
    }
    return doubted ? Optional.empty() : Optional.of(now.minus(maxAge));
  }

  private void note(Instant now, Instant latestPlausible) {
    long nowNanos = nanoTime.getAsLong();
    if (now.isAfter(latestPlausible)) {
      doubted = true;
      doubtedNanos = nowNanos;
    }
    known = true;
    lastTime = now;
    lastNanos = nowNanos;
  }
}

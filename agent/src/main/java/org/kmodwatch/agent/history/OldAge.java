package org.kmodwatch.agent.history;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * From when on a record is too old to be kept. Age goes by the set clock, since it has to outlast
 * this process and the machine; so a clock that was set years forward would make all records old at
 * once. For a day after the clock was set forward nothing is too old: by then somebody has set it
 * right, or it was right.
 *
 * <p>Not thread-safe.
 */
final class OldAge {

  static final Duration DOUBT = Duration.ofDays(1);

  /** Differences between two clocks that nobody has set. */
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
   * Knows nothing yet.
   *
   * @param clock the set clock
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  OldAge(Duration maxAge, InstantSource clock, LongSupplier nanoTime) {
    this.maxAge = maxAge;
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /** Whether this process has not asked yet, and the newest record is to be told first. */
  boolean isNew() {
    return !known;
  }

  /** Takes the time of the newest record that another process left. */
  void newest(Instant time) {
    note(clock.instant(), time.plus(DOUBT));
  }

  /** Records from before that are too old; empty while none is. */
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

package org.kmodwatch.agent.identity;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How much time the sensor's thread may spend on decompression. Events wait meanwhile, and anybody
 * who may load modules can hand over one compressed image after the other. So one image takes three
 * seconds at most, which is for a slow machine whose JVM has just started, and all of them together
 * a tenth of the time.
 */
final class DecompressionTime {

  private static final Duration LONGEST = Duration.ofSeconds(3);

  private static final int SHARE = 10;

  private final LongSupplier nanoClock;
  private final long mostSavedNanos;
  private long savedNanos;
  private long savedAtNanos;

  /**
   * Makes one.
   *
   * @param nanoClock a monotonic clock, in nanoseconds
   * @param mostSaved how much may be spent at once: the modules of a boot come at once
   */
  DecompressionTime(LongSupplier nanoClock, Duration mostSaved) {
    this.nanoClock = nanoClock;
    this.mostSavedNanos = mostSaved.toNanos();
    this.savedNanos = mostSavedNanos;
    this.savedAtNanos = nanoClock.getAsLong();
  }

  /** How long the next image may take; zero if it has to do without. */
  Duration next() {
    long now = nanoClock.getAsLong();
    savedNanos = Math.min(mostSavedNanos, savedNanos + (now - savedAtNanos) / SHARE);
    savedAtNanos = now;
    return savedNanos <= 0
        ? Duration.ZERO
        : Duration.ofNanos(Math.min(LONGEST.toNanos(), savedNanos));
  }

  /** Takes notice that an image took so long. */
  void spent(long nanos) {
    savedNanos -= nanos;
  }
}

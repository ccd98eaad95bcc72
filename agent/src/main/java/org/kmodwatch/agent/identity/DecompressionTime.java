package org.kmodwatch.agent.identity;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How much time the sensor's thread may spend on decompression. Events wait meanwhile, and anybody
 * who may load modules can hand over one compressed image after the other. So one image takes a
 * second at most, and all of them together a tenth of the time.
 */
final class DecompressionTime {

  private static final Duration LONGEST = Duration.ofSeconds(1);

  /** Enough for the modules of a boot, which come at once. */
  private static final Duration MOST_SAVED = Duration.ofSeconds(5);

  private static final int SHARE = 10;

  private final LongSupplier nanoClock;
  private long savedNanos = MOST_SAVED.toNanos();
  private long savedAtNanos;

  DecompressionTime(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.savedAtNanos = nanoClock.getAsLong();
  }

  /** How long the next image may take; zero if it has to do without. */
  Duration next() {
    long now = nanoClock.getAsLong();
    savedNanos = Math.min(MOST_SAVED.toNanos(), savedNanos + (now - savedAtNanos) / SHARE);
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

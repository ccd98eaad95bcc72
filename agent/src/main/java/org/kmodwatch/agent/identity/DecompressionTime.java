package org.kmodwatch.agent.identity;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Limits the time that the sensor's thread spends on decompression. Events wait meanwhile, and a
 * process that may load modules can load many compressed images in a row. So one image takes three
 * seconds at most, which is enough for a slow machine whose JVM has just started. All images
 * together take a tenth of the time.
 */
final class DecompressionTime {

  /** The lab's guests set the property: emulated, they are some 25 times slower than a host. */
  private static final Duration LONGEST =
      Duration.ofSeconds(Integer.getInteger("kmodwatch.decompression-seconds", 3));

  private static final int SHARE = 10;

  private final LongSupplier nanoClock;
  private final long mostSavedNanos;
  private long savedNanos;
  private long savedAtNanos;

  /**
   * Creates a limit with all of its time left.
   *
   * @param nanoClock a monotonic clock, in nanoseconds
   * @param mostSaved how much may be spent at once: the modules of a boot are loaded at once
   */
  DecompressionTime(LongSupplier nanoClock, Duration mostSaved) {
    this.nanoClock = nanoClock;
    this.mostSavedNanos = mostSaved.toNanos();
    this.savedNanos = mostSavedNanos;
    this.savedAtNanos = nanoClock.getAsLong();
  }

  /** Returns how long the next image may take; zero if it must not be decompressed. */
  Duration next() {
    long now = nanoClock.getAsLong();
    savedNanos = Math.min(mostSavedNanos, savedNanos + (now - savedAtNanos) / SHARE);
    savedAtNanos = now;
    return savedNanos <= 0
        ? Duration.ZERO
        : Duration.ofNanos(Math.min(LONGEST.toNanos(), savedNanos));
  }

  /** Subtracts the time that an image took. */
  void spent(long nanos) {
    savedNanos -= nanos;
  }
}

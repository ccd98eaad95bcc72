package org.kmodwatch.agent.identity;

import java.time.Duration;
import org.kmodwatch.agent.clock.SteadyClock;

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

  private final SteadyClock steadyClock;
  private final long mostSavedNanos;
  private long savedNanos;
  private long savedAtNanos;

  /**
   * Creates a limit with all of its time left.
   *
   * @param steadyClock the clock for elapsed time
   * @param mostSaved how much may be spent at once: the modules of a boot are loaded at once
   */
  DecompressionTime(SteadyClock steadyClock, Duration mostSaved) {
    this.steadyClock = steadyClock;
    this.mostSavedNanos = mostSaved.toNanos();
    this.savedNanos = mostSavedNanos;
    this.savedAtNanos = steadyClock.nanos();
  }

  /** Returns how long the next image may take; zero if it must not be decompressed. */
  Duration next() {
    long now = steadyClock.nanos();
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

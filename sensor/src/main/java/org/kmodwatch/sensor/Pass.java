package org.kmodwatch.sensor;

import java.util.function.LongSupplier;

/**
 * How much is read in one go, by time and by bytes, so that what is not about reading has its turn
 * however much there is to read. At least one record is.
 */
final class Pass {

  /** Until what else is due has its turn. */
  static final long LIMIT_NANOS = 250_000_000L;

  /** Less than a quarter of a ring, so that what was read can be let go in time. */
  static final long LIMIT_BYTES = 2L << 20;

  private final LongSupplier nanoClock;
  private final long endNanos;
  private long bytesLeft;

  /**
   * Begins one.
   *
   * @param nanoClock a clock that only goes forward
   */
  Pass(LongSupplier nanoClock, long limitNanos, long limitBytes) {
    this.nanoClock = nanoClock;
    this.endNanos = nanoClock.getAsLong() + limitNanos;
    this.bytesLeft = limitBytes;
  }

  /** One of the usual size. */
  static Pass begin(LongSupplier nanoClock) {
    return new Pass(nanoClock, LIMIT_NANOS, LIMIT_BYTES);
  }

  /** Takes notice that so much was read. */
  void took(int bytes) {
    bytesLeft -= bytes;
  }

  /** Whether it is over. */
  boolean isOver() {
    return bytesLeft <= 0 || nanoClock.getAsLong() - endNanos >= 0;
  }
}

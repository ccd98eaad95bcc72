package org.kmodwatch.sensor;

import java.util.function.LongSupplier;

/**
 * A limit for one pass of reading, by time and by bytes. So other work has its turn even if there
 * is much to read. A pass reads at least one record.
 */
final class Pass {

  /** The time after which other work has its turn. */
  static final long LIMIT_NANOS = 250_000_000L;

  /**
   * The bytes of a pass: less than a quarter of a ring, so that read records can be freed in time.
   */
  static final long LIMIT_BYTES = 2L << 20;

  private final LongSupplier nanoClock;
  private final long endNanos;
  private long bytesLeft;

  /**
   * Begins a pass.
   *
   * @param nanoClock a clock that only goes forward
   */
  Pass(LongSupplier nanoClock, long limitNanos, long limitBytes) {
    this.nanoClock = nanoClock;
    this.endNanos = nanoClock.getAsLong() + limitNanos;
    this.bytesLeft = limitBytes;
  }

  /** Begins a pass of the usual size. */
  static Pass begin(LongSupplier nanoClock) {
    return new Pass(nanoClock, LIMIT_NANOS, LIMIT_BYTES);
  }

  /** Subtracts bytes that were read. */
  void took(int bytes) {
    bytesLeft -= bytes;
  }

  /** Returns whether the pass is over. */
  boolean isOver() {
    return bytesLeft <= 0 || nanoClock.getAsLong() - endNanos >= 0;
  }
}

package org.kmodwatch.bench;

import java.util.Arrays;
import java.util.Collection;

/** Holds many measured values in ascending order. */
final class Spread {

  private final long[] sorted;

  private Spread(long[] sorted) {
    this.sorted = sorted;
  }

  /**
   * Returns the spread of values.
   *
   * @param what the quantity, for the message
   * @throws BenchException if there are no values
   */
  static Spread of(String what, Collection<Long> values) {
    if (values.isEmpty()) {
      throw new BenchException("nothing was measured of " + what);
    }
    long[] sorted = values.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    return new Spread(sorted);
  }

  int count() {
    return sorted.length;
  }

  long median() {
    return percentile(50);
  }

  /**
   * Returns the smallest value that is at least as large as {@code percent} per cent of the values.
   */
  long percentile(int percent) {
    int rank = Math.ceilDiv(sorted.length * percent, 100);
    return sorted[Math.max(0, rank - 1)];
  }

  long max() {
    return sorted[sorted.length - 1];
  }
}

package org.kmodwatch.bench;

import java.util.Arrays;
import java.util.Collection;

/** Many measured values, in order of size. */
final class Spread {

  private final long[] sorted;

  private Spread(long[] sorted) {
    this.sorted = sorted;
  }

  /**
   * The values.
   *
   * @param what they are of, for the message
   * @throws BenchException if there are none
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

  /** The least of the values that is no less than {@code percent} of 100 of them. */
  long percentile(int percent) {
    int rank = Math.ceilDiv(sorted.length * percent, 100);
    return sorted[Math.max(0, rank - 1)];
  }

  long max() {
    return sorted[sorted.length - 1];
  }
}

package org.kmodwatch.agent.sink;

/** Counts the losses of a period, so that its beginning and its end are reported. Thread-safe. */
final class Losses {
  private long count;
  private long mark;

  /**
   * Counts more losses.
   *
   * @param held the number of items held at the loss
   * @return whether these are the first losses of the period
   */
  synchronized boolean add(long more, long held) {
    boolean first = count == 0;
    count += more;
    mark = Math.max(mark, held);
    return first && more > 0;
  }

  /**
   * Returns the losses and resets the count if the period is over with {@code held} items; else 0.
   */
  synchronized long endedAt(long held) {
    if (held > mark / 2) {
      return 0;
    }
    long ended = count;
    count = 0;
    mark = 0;
    return ended;
  }
}

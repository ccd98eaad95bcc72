package org.kmodwatch.sensor;

/**
 * Finds what a lane's programs counted as sent, and what was neither refused for want of room nor
 * came out of the ring.
 *
 * <p>The programs count a record before they ask the kernel for room. So when all is read that was
 * in the ring after the count was taken, each of the records that were counted has come, found no
 * room, or is about to be written by a program that is under way. The last are not the same for
 * long: what is absent at every look for a while is lost.
 */
final class Shortfall {

  /** What is absent at every look for so long is lost. No program takes as long. */
  static final long WINDOW_NANOS = 3_000_000_000L;

  private long[] sent = new long[0];
  private long end;
  private boolean pending;
  private long leastAbsent;
  private int looks;
  private long windowBeganNanos;
  private long missing;

  /** Whether a count is waiting for what was in the ring to be read. */
  boolean isPending() {
    return pending;
  }

  /**
   * Takes the count.
   *
   * @param sentByCpu what the programs have counted so far, by processor
   * @param ringEnd where the ring ends; taken after the count
   */
  void count(long[] sentByCpu, long ringEnd) {
    sent = sentByCpu.clone();
    end = ringEnd;
    pending = true;
  }

  /**
   * Compares what came with the count, if all is read that was there then.
   *
   * @param position how far the ring is read
   * @param ringFull how many records found no room; taken now
   * @param nowNanos the time, by a clock that only goes forward
   */
  void look(long position, LaneReader.Account account, long ringFull, long nowNanos) {
    if (!pending || position < end) {
      return;
    }
    pending = false;
    long absent = Math.max(0, account.absent(sent) - ringFull);
    leastAbsent = looks == 0 ? absent : Math.min(leastAbsent, absent);
    if (looks == 0) {
      windowBeganNanos = nowNanos;
    }
    looks++;
    if (looks > 1 && nowNanos - windowBeganNanos >= WINDOW_NANOS) {
      missing = Math.max(missing, leastAbsent);
      looks = 0;
    }
  }

  /** The same at the end, when no program is under way. */
  void finish(LaneReader.Account account, long[] sentByCpu, long ringFull) {
    missing = Math.max(missing, account.absent(sentByCpu) - ringFull);
  }

  /** How many are lost. */
  long missing() {
    return missing;
  }
}

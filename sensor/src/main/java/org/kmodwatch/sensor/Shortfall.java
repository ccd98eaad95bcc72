package org.kmodwatch.sensor;

/**
 * Finds lost records of a lane: records that the programs counted as sent, that had room, and that
 * did not come out of the ring.
 *
 * <p>The programs count a record before they request room from the kernel. After the count is
 * taken, the ring is read up to its end at that time. Then each counted record has come, found no
 * room, or is about to be written by a running program. A record of the last kind is only absent
 * for a short time. Records that are absent at every check for a while are lost.
 */
final class Shortfall {

  /** The time of absence at every check after which a record is lost. No program takes as long. */
  static final long WINDOW_NANOS = 3_000_000_000L;

  private long[] sent = new long[0];
  private long end;
  private boolean pending;
  private long leastAbsent;
  private int looks;
  private long windowBeganNanos;
  private long missing;

  /** Returns whether a count waits for the ring to be read. */
  boolean isPending() {
    return pending;
  }

  /**
   * Takes the count.
   *
   * @param sentByCpu the programs' counts so far, by processor
   * @param ringEnd the end of the ring, taken after the count
   */
  void count(long[] sentByCpu, long ringEnd) {
    sent = sentByCpu.clone();
    end = ringEnd;
    pending = true;
  }

  /**
   * Compares the received records with the count, if the ring was read up to its end at the count.
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

  /** Compares them at the end, when no program runs any more. */
  void finish(LaneReader.Account account, long[] sentByCpu, long ringFull) {
    missing = Math.max(missing, account.absent(sentByCpu) - ringFull);
  }

  /** Returns how many records are lost. */
  long missing() {
    return missing;
  }
}

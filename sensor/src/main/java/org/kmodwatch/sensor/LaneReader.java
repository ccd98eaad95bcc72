package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.kmodwatch.sensor.kernel.RingBuffer;

/**
 * Reads the two lanes as one: the records of both in the order of their times, what of an attempt
 * is in the one before what is in the other. Counts what came by each.
 */
final class LaneReader implements AutoCloseable {

  private final RingBuffer attempts;
  private final RingBuffer loads;
  private final Account attemptsAccount = new Account();
  private final Account loadsAccount = new Account();

  LaneReader(RingBuffer attempts, RingBuffer loads) {
    this.attempts = attempts;
    this.loads = loads;
  }

  /** Takes records; a record is valid during the call only. */
  interface Sink {
    void accept(Lane lane, ByteBuffer record);
  }

  /**
   * Hands over what is there now, and leaves what comes meanwhile.
   *
   * @return whether it was all that was there when it began; false if a record was still being
   *     written, which is then there in a moment
   */
  boolean read(Sink sink) {
    // In this order: of an attempt whose load is before the end, all that was sent earlier by the
    // lane of attempts is before its end too.
    long loadsEnd = loads.end();
    long attemptsEnd = attempts.end();
    while (true) {
      ByteBuffer attempt = attempts.peek(attemptsEnd);
      if (attempt == null && attempts.isBusy(attemptsEnd)) {
        // What the next load needs is still being written.
        return false;
      }
      ByteBuffer load = loads.peek(loadsEnd);
      if (attempt == null && load == null) {
        return !loads.isBusy(loadsEnd);
      }
      if (attempt != null && (load == null || time(attempt) <= time(load))) {
        hand(Lane.ATTEMPTS, attempts, attempt, sink);
      } else if (load != null) {
        hand(Lane.LOADS, loads, load, sink);
      }
    }
  }

  /** What is read stays in the rings until {@link #commit}. */
  void keepUntilCommitted() {
    attempts.keepUntilCommitted();
    loads.keepUntilCommitted();
  }

  void commit() {
    attempts.commit();
    loads.commit();
  }

  /** The larger of what was read and not committed of the two rings, in bytes. */
  long uncommittedBytes() {
    return Math.max(attempts.uncommittedBytes(), loads.uncommittedBytes());
  }

  /** What was counted of a lane. */
  Account account(Lane lane) {
    return lane == Lane.ATTEMPTS ? attemptsAccount : loadsAccount;
  }

  @Override
  public void close() {
    attempts.close();
    loads.close();
  }

  private static void hand(Lane lane, RingBuffer ring, ByteBuffer record, Sink sink) {
    try {
      sink.accept(lane, record);
    } finally {
      ring.release();
    }
  }

  private static long time(ByteBuffer record) {
    return record.remaining() < Long.BYTES
        ? 0
        : record.getLong(record.position() + RecordLayout.TIME_NANOS);
  }

  /** What came by a lane, and by the numbers in it what must have been there and did not come. */
  static final class Account {
    private long received;
    private long malformed;
    private long[] highest = new long[0];

    /**
     * Goes on where another process has ended.
     *
     * @param done records that it had done with
     * @param sent records that were sent so far, by processor
     */
    void resume(long done, long[] sent) {
      received = done;
      highest = sent.clone();
    }

    /** Records that came, by this process and those before it. */
    long received() {
      return received;
    }

    /** Takes notice of a record of this lane. */
    void received(ByteBuffer record) {
      received++;
      int cpu = record.getInt(record.position() + RecordLayout.CPU);
      if (cpu < 0 || cpu > 1 << 16) {
        return;
      }
      if (cpu >= highest.length) {
        highest = Arrays.copyOf(highest, cpu + 1);
      }
      long sequence = record.getLong(record.position() + RecordLayout.SEQUENCE);
      highest[cpu] = Math.max(highest[cpu], sequence);
    }

    /** Takes notice of a record that could not be decoded. */
    void malformed() {
      malformed++;
    }

    /** Records that came and were decoded. */
    long delivered() {
      return received - malformed;
    }

    long malformedCount() {
      return malformed;
    }

    /** Records that were numbered before the last that came, and did not come. */
    long gaps() {
      return Arrays.stream(highest).sum() - received;
    }
  }
}

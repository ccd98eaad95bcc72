package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.kmodwatch.sensor.kernel.RingBuffer;

/**
 * Reads the two lanes as one: the records of both in the order of their times, what of an attempt
 * is in the one before what is in the other. Counts what came by each.
 *
 * <p>It reads in rounds: what was in the rings at one moment. A round may take many passes.
 */
final class LaneReader implements AutoCloseable {

  private final RingBuffer attempts;
  private final RingBuffer loads;
  private final Account attemptsAccount = new Account();
  private final Account loadsAccount = new Account();

  /** Where the rings ended as the round began. */
  private long attemptsEnd;

  private long loadsEnd;
  private boolean inRound;
  private long lastTimeNanos;

  LaneReader(RingBuffer attempts, RingBuffer loads) {
    this.attempts = attempts;
    this.loads = loads;
  }

  /** Takes records, which are its own to keep. */
  interface Sink {
    void accept(Lane lane, ByteBuffer record);
  }

  /** What a pass came to. */
  enum Progress {
    /** The round is over: all that was there as it began has been handed over. */
    ROUND,
    /** A record is still being written, and is there in a moment. */
    BUSY,
    /** The pass is over, and the round is not. */
    MORE
  }

  /** Whether the next pass begins a round. */
  boolean isBetweenRounds() {
    return !inRound;
  }

  /** Hands over what is there, until the round or the pass is over. */
  Progress read(Pass pass, Sink sink) {
    if (!inRound) {
      // In this order: of an attempt whose load is before the end, all that was sent earlier by the
      // lane of attempts is before its end too.
      loadsEnd = loads.end();
      attemptsEnd = attempts.end();
      inRound = true;
    }
    while (true) {
      ByteBuffer attempt = attempts.peek(attemptsEnd);
      if (attempt == null && attempts.isBusy(attemptsEnd)) {
        // What the next load needs is still being written.
        return Progress.BUSY;
      }
      ByteBuffer load = loads.peek(loadsEnd);
      if (attempt == null && load == null) {
        inRound = loads.isBusy(loadsEnd);
        return inRound ? Progress.BUSY : Progress.ROUND;
      }
      if (attempt != null && (load == null || time(attempt) <= time(load))) {
        hand(Lane.ATTEMPTS, attempts, attempt, pass, sink);
      } else if (load != null) {
        hand(Lane.LOADS, loads, load, pass, sink);
      }
      if (pass.isOver()) {
        return Progress.MORE;
      }
    }
  }

  /**
   * Hands over all that is there, and not only what was there as the round began.
   *
   * @param pause is called while a record is still being written
   * @return whether it was all, before the pass was over
   */
  boolean readAll(Pass pass, Runnable pause, Sink sink) {
    boolean isOfNow = !inRound;
    while (true) {
      Progress progress = read(pass, sink);
      if (progress == Progress.ROUND) {
        if (isOfNow) {
          return true;
        }
        isOfNow = true;
      } else if (progress == Progress.BUSY) {
        pause.run();
      }
      if (pass.isOver()) {
        return false;
      }
    }
  }

  /** When the last record that was handed over was made, by its own time. */
  long lastTimeNanos() {
    return lastTimeNanos;
  }

  /** The ring of a lane. */
  RingBuffer ring(Lane lane) {
    return lane == Lane.ATTEMPTS ? attempts : loads;
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

  private void hand(Lane lane, RingBuffer ring, ByteBuffer shown, Pass pass, Sink sink) {
    ByteBuffer record = copyOf(shown);
    if (!ring.isIntact()) {
      return;
    }
    try {
      pass.took(record.remaining());
      lastTimeNanos = time(record);
      sink.accept(lane, record);
    } finally {
      ring.release();
    }
  }

  /**
   * In the heap: decoding looks at a record a hundred times, and each look at the ring's own memory
   * is checked for more; the last record of each call is kept; and the kernel may write over the
   * ring.
   */
  static ByteBuffer copyOf(ByteBuffer record) {
    var copy = new byte[record.remaining()];
    record.get(record.position(), copy);
    return ByteBuffer.wrap(copy).order(record.order());
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

    /**
     * What {@link #resume(List)} takes: how many records it has done with, and the highest number
     * by processor.
     *
     * @param missing records that did not come, and will not
     */
    List<Long> state(long missing) {
      return LongStream.concat(LongStream.of(received + missing), Arrays.stream(highest))
          .boxed()
          .toList();
    }

    /** Goes on where another process has ended, by its {@link #state}. */
    void resume(List<Long> state) {
      resume(state.getFirst(), state.stream().skip(1).mapToLong(Long::longValue).toArray());
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
      return Math.max(0, Arrays.stream(highest).sum() - received);
    }

    /**
     * Records that were numbered by now, and did not come.
     *
     * @param sent records that the programs have counted, by processor
     */
    long absent(long[] sent) {
      long numbered = 0;
      for (int cpu = 0; cpu < Math.max(sent.length, highest.length); cpu++) {
        numbered +=
            Math.max(cpu < sent.length ? sent[cpu] : 0, cpu < highest.length ? highest[cpu] : 0);
      }
      return numbered - received;
    }
  }
}

package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.kmodwatch.sensor.kernel.RingBuffer;

/**
 * Reads the two lanes as one, with the records of both in the order of their times. Of one attempt,
 * records in the lane of attempts precede those in the lane of loads. Counts the records of each
 * lane.
 *
 * <p>It reads in rounds. A round covers the records that were in the rings at one moment, and may
 * take many passes.
 */
final class LaneReader implements AutoCloseable {

  private final RingBuffer attempts;
  private final RingBuffer loads;
  private final Account attemptsAccount = new Account();
  private final Account loadsAccount = new Account();

  /** The ends of the rings when the round began. */
  private long attemptsEnd;

  private long loadsEnd;
  private boolean inRound;
  private long lastTimeNanos;

  LaneReader(RingBuffer attempts, RingBuffer loads) {
    this.attempts = attempts;
    this.loads = loads;
  }

  /** Receives records, and owns each record that it receives. */
  interface Sink {
    void accept(Lane lane, ByteBuffer record);
  }

  /** The result of a pass. */
  enum Progress {
    /** The round is over: all records that were there when it began have been emitted. */
    ROUND,
    /** A record is still being written. It will be complete in a moment. */
    BUSY,
    /** The pass is over, but the round is not. */
    MORE
  }

  /** Returns whether the next pass begins a round. */
  boolean isBetweenRounds() {
    return !inRound;
  }

  /** Emits the records that are there, until the round or the pass is over. */
  Progress read(Pass pass, Sink sink) {
    if (!inRound) {
      // The order matters: if an attempt's load is before the end, all of the attempt's earlier
      // records in the lane of attempts are before its end too.
      loadsEnd = loads.end();
      attemptsEnd = attempts.end();
      inRound = true;
    }
    while (true) {
      ByteBuffer attempt = attempts.peek(attemptsEnd);
      if (attempt == null && attempts.isBusy(attemptsEnd)) {
        // A record that the next load needs is still being written.
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
   * Emits all records that are there, also records that arrived after the round began.
   *
   * @param pause runs while a record is still being written
   * @return whether all records were emitted before the pass was over
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

  /** Returns the time in the last record that was emitted. */
  long lastTimeNanos() {
    return lastTimeNanos;
  }

  /** Returns the ring of a lane. */
  RingBuffer ring(Lane lane) {
    return lane == Lane.ATTEMPTS ? attempts : loads;
  }

  /** Keeps read records in the rings until {@link #commit}. */
  void keepUntilCommitted() {
    attempts.keepUntilCommitted();
    loads.keepUntilCommitted();
  }

  void commit() {
    attempts.commit();
    loads.commit();
  }

  /** Returns how many bytes were read and not committed: the larger number of the two rings. */
  long uncommittedBytes() {
    return Math.max(attempts.uncommittedBytes(), loads.uncommittedBytes());
  }

  /** Returns the counts of a lane. */
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
   * Copies a record into the heap. Decoding reads a record a hundred times, and each read of the
   * ring's own memory has more checks. Also, the last record of each call is kept, and the kernel
   * may overwrite the ring.
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

  /** Counts the records of a lane, and finds missing records by the numbers in them. */
  static final class Account {
    private long received;
    private long malformed;
    private long[] highest = new long[0];

    /**
     * Continues where another process has ended.
     *
     * @param done the number of records that it had finished
     * @param sent the number of records that were sent so far, by processor
     */
    void resume(long done, long[] sent) {
      received = done;
      highest = sent.clone();
    }

    /**
     * Returns the state that {@link #resume(List)} takes: the number of finished records, and the
     * highest number by processor.
     *
     * @param missing the number of records that did not come and will not come
     */
    List<Long> state(long missing) {
      return LongStream.concat(LongStream.of(received + missing), Arrays.stream(highest))
          .boxed()
          .toList();
    }

    /** Continues where another process has ended, from its {@link #state}. */
    void resume(List<Long> state) {
      resume(state.getFirst(), state.stream().skip(1).mapToLong(Long::longValue).toArray());
    }

    /** Returns the number of records that this process and those before it received. */
    long received() {
      return received;
    }

    /** Counts a record of this lane. */
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

    /** Counts a record that could not be decoded. */
    void malformed() {
      malformed++;
    }

    /** Returns the number of records that were received and decoded. */
    long delivered() {
      return received - malformed;
    }

    long malformedCount() {
      return malformed;
    }

    /** Returns the number of missing records with a lower number than the last one that came. */
    long gaps() {
      return Math.max(0, Arrays.stream(highest).sum() - received);
    }

    /**
     * Returns the number of records that have a number by now and did not come.
     *
     * @param sent the number of records that the programs have counted, by processor
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

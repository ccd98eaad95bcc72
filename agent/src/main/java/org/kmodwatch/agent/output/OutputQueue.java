package org.kmodwatch.agent.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of lines that an output has not accepted yet, with a thread that writes them in
 * order. Adding lines never waits. So an output without a reader, or with a full disk, blocks
 * neither the sensor nor another output. Lines that find no room are dropped and counted.
 * Thread-safe.
 *
 * <p>For maintainers. A failed write is tried again from the byte at which it stopped, so that no
 * line is torn or repeated. The thread may be in a write that nothing interrupts, such as one to a
 * pipe without a reader. So it is a daemon, and {@link #close} waits for it only for the documented
 * time.
 */
public final class OutputQueue implements AutoCloseable {

  /** The largest size of the waiting lines, in bytes. */
  public static final int MAX_BYTES = 8 << 20;

  /** The time without progress after which no caller waits for an output. */
  static final Duration KEEPS_UP = Duration.ofMillis(250);

  /** The time after a useless wait in which no caller waits for the output again: it is slow. */
  static final Duration UNTIL_NEXT_WAIT = Duration.ofSeconds(5);

  /** The longest wait at the end for an output that accepts nothing. */
  private static final Duration STANDSTILL_AT_END = Duration.ofSeconds(5);

  /** The longest wait at the end in all. */
  private static final Duration MOST_AT_END = Duration.ofSeconds(20);

  /** The size of one write, in bytes. The output's progress shows between two writes. */
  private static final int PIECE_BYTES = 8 << 10;

  private final String name;
  private final Settings settings;
  private final Consumer<String> notes;
  private final Thread writer;

  // All fields below are guarded by this object.
  private final ArrayDeque<Lines> lines = new ArrayDeque<>();
  private final Map<OutputLoss, Long> lost = new EnumMap<>(OutputLoss.class);
  private long bytes;
  private long taken;
  private long written;
  private long pending;
  private @Nullable Task task;
  private long tasks;
  private boolean closed;
  private boolean full;

  /** Whether the last wait for the output was useless, since {@link #slowSinceNanos}. */
  private boolean slow;

  private long slowSinceNanos;

  /** The time at which the output last accepted something, or the queue stopped being empty. */
  private long waitingSinceNanos;

  private Instant waitingSince = Instant.EPOCH;
  private @Nullable String failure;

  /** Whether a failure was reported, and not yet that writing works again. */
  private boolean saidToFail;

  private @Nullable ReaderGoneException gone;
  private @Nullable Long drainEndNanos;

  /**
   * The settings that differ in tests.
   *
   * @param nanoTime a clock that is never set
   * @param clock for times that are shown
   * @param retry the wait after a write that failed
   * @param maxBytes the largest size of the waiting lines, in bytes
   */
  record Settings(LongSupplier nanoTime, InstantSource clock, Duration retry, int maxBytes) {}

  /** Whole lines that wait for one destination. */
  private static final class Lines {
    private final Destination destination;
    private final ByteBuffer bytes;
    private final long count;

    Lines(Destination destination, ByteBuffer bytes, long count) {
      this.destination = destination;
      this.bytes = bytes;
      this.count = count;
    }
  }

  /** A step that writes something as a whole, such as a file that replaces another. */
  @FunctionalInterface
  public interface Task {
    /**
     * Writes the whole. If it fails, the queue calls it again later.
     *
     * @throws IOException if it cannot be written now
     */
    void run() throws IOException;
  }

  OutputQueue(String name, Settings settings, Consumer<String> notes) {
    this.name = name;
    this.settings = settings;
    this.notes = notes;
    this.writer =
        Thread.ofPlatform()
            .name("kmodwatch-" + name.replace(' ', '-'))
            .daemon()
            .unstarted(this::write);
  }

  /**
   * Creates a queue.
   *
   * @param name the name of the output, in messages and in the ledger
   * @param maxBytes the largest size of the waiting lines, in bytes
   * @param notes receives messages for a person, from any thread
   */
  public static OutputQueue named(String name, int maxBytes, Consumer<String> notes) {
    return new OutputQueue(
        name,
        new Settings(System::nanoTime, InstantSource.system(), Duration.ofSeconds(1), maxBytes),
        notes);
  }

  /** Returns the name of the output. */
  public String name() {
    return name;
  }

  /**
   * Returns a stream into the queue. Each write to it must consist of whole lines. A write never
   * waits or fails, and flushing does nothing.
   */
  public OutputStream to(Destination destination) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] written, int offset, int length) {
        add(destination, destination.fitting(Arrays.copyOfRange(written, offset, offset + length)));
      }
    };
  }

  /**
   * Runs {@code newTask} after the lines so far are written. It replaces a task that has not run
   * yet.
   */
  public synchronized void after(Task newTask) {
    if (!closed) {
      if (isEmpty() && task == null) {
        progress();
      }
      task = newTask;
      tasks++;
      wake();
    }
  }

  private synchronized void add(Destination destination, byte[] more) {
    long count = count(more);
    taken += count;
    if (gone != null || closed || bytes + more.length > settings.maxBytes()) {
      lose(
          gone != null ? OutputLoss.READER_GONE : closed ? OutputLoss.ENDED : OutputLoss.QUEUE_FULL,
          count);
      if (!full && gone == null && !closed) {
        full = true;
        note("takes nothing, or too slowly: lines are dropped and counted from now on");
      }
      return;
    }
    if (isEmpty()) {
      progress();
    }
    lines.addLast(new Lines(destination, ByteBuffer.wrap(more), count));
    bytes += more.length;
    pending += count;
    wake();
  }

  private void wake() {
    if (writer.getState() == Thread.State.NEW) {
      writer.start();
    }
    notifyAll();
  }

  private static long count(byte[] text) {
    long count = 0;
    for (byte b : text) {
      if (b == '\n') {
        count++;
      }
    }
    return count;
  }

  private boolean passed(long sinceNanos, Duration span) {
    return settings.nanoTime().getAsLong() - sinceNanos >= span.toNanos();
  }

  private boolean isEmpty() {
    return lines.isEmpty();
  }

  private void lose(OutputLoss reason, long count) {
    lost.merge(reason, count, Long::sum);
  }

  private void progress() {
    waitingSinceNanos = settings.nanoTime().getAsLong();
    waitingSince = settings.clock().instant();
  }

  private void note(String text) {
    notes.accept(name + ": " + text);
  }

  // Methods of the queue's thread.

  private void write() {
    try {
      while (true) {
        Lines next;
        Task toRun;
        long number;
        synchronized (this) {
          while (lines.isEmpty() && task == null && !closed) {
            wait();
          }
          if (closed) {
            return;
          }
          next = lines.peekFirst();
          toRun = next == null ? task : null;
          number = tasks;
        }
        if (next != null) {
          write(next);
        } else if (toRun != null) {
          run(toRun, number);
        }
      }
    } catch (InterruptedException e) {
      // close() counts the remaining lines.
    }
  }

  private void write(Lines next) throws InterruptedException {
    ByteBuffer all = next.bytes;
    try {
      while (all.hasRemaining()) {
        ByteBuffer piece = all.slice(all.position(), pieceLength(all));
        int before = piece.position();
        try {
          next.destination.write(piece);
        } finally {
          all.position(all.position() + piece.position() - before);
          if (piece.position() > before) {
            worked();
          }
        }
        if (piece.position() == before) {
          // A terminal or pipe in non-blocking mode, which has no room now.
          rest(Duration.ofMillis(50));
        }
      }
      synchronized (this) {
        if (lines.peekFirst() != next) {
          // close() has counted these lines as lost.
          return;
        }
        lines.removeFirst();
        bytes -= all.capacity();
        pending -= next.count;
        written += next.count;
        noteRoom();
        settled();
      }
    } catch (ReaderGoneException e) {
      left(e);
    } catch (IOException e) {
      failed(String.valueOf(e.getMessage()));
      rest(settings.retry());
    } catch (RuntimeException | Error e) { // The thread must survive: only it writes.
      failed("%s (a fault of kmodwatch)".formatted(e));
      rest(settings.retry());
    }
  }

  /**
   * Returns the length of the next write: whole lines, and at least one. So a kill between two
   * writes leaves no partial line.
   */
  private static int pieceLength(ByteBuffer all) {
    if (all.remaining() <= PIECE_BYTES) {
      return all.remaining();
    }
    for (int i = PIECE_BYTES; i > 0; i--) {
      if (all.get(all.position() + i - 1) == '\n') {
        return i;
      }
    }
    for (int i = PIECE_BYTES; i < all.remaining(); i++) {
      if (all.get(all.position() + i) == '\n') {
        return i + 1;
      }
    }
    return all.remaining();
  }

  private void run(Task toRun, long number) throws InterruptedException {
    try {
      toRun.run();
      worked();
      synchronized (this) {
        // A newer task may have been set meanwhile.
        if (tasks == number) {
          task = null;
        }
        settled();
      }
    } catch (IOException e) {
      failed(String.valueOf(e.getMessage()));
      rest(settings.retry());
    } catch (RuntimeException | Error e) { // The thread must survive: only it writes.
      failed("%s (a fault of kmodwatch)".formatted(e));
      rest(settings.retry());
    }
  }

  private synchronized void worked() {
    progress();
    failure = null;
    notifyAll();
  }

  /**
   * Reports that writing works again, once nothing waits. The caller holds the lock. A disk that
   * frees a page now and then is still full, so one write is not enough.
   */
  private void settled() {
    if (saidToFail && isEmpty() && task == null) {
      saidToFail = false;
      note("writes again");
    }
    notifyAll();
  }

  private synchronized void failed(String why) {
    if (!saidToFail) {
      saidToFail = true;
      note("cannot write, trying again every second: " + why);
    }
    failure = why;
    notifyAll();
  }

  private synchronized void left(ReaderGoneException e) {
    gone = e;
    lose(OutputLoss.READER_GONE, pending);
    pending = 0;
    bytes = 0;
    lines.clear();
    notifyAll();
  }

  private void noteRoom() {
    if (full && bytes < settings.maxBytes() / 2) {
      full = false;
      note("keeps up again; dropped so far: " + lost.getOrDefault(OutputLoss.QUEUE_FULL, 0L));
    }
  }

  private synchronized void rest(Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    long left;
    while (!closed && (left = end - System.nanoTime()) > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  // Methods that any thread may call.

  /**
   * Waits until all lines are accepted or lost, at most {@code atMost}. It does not wait for an
   * output that does not keep up.
   *
   * @return whether a kill at this moment would lose none of the lines
   */
  public synchronized boolean awaitWritten(Duration atMost) {
    long end = System.nanoTime() + atMost.toNanos();
    long left;
    if (isEmpty() || !slow || passed(slowSinceNanos, UNTIL_NEXT_WAIT)) {
      slow = false;
      try {
        while (!isEmpty()
            && failure == null
            && !passed(waitingSinceNanos, KEEPS_UP)
            && (left = end - System.nanoTime()) > 0) {
          TimeUnit.NANOSECONDS.timedWait(this, left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (!isEmpty() && atMost.isPositive()) {
        slow = true;
        slowSinceNanos = settings.nanoTime().getAsLong();
      }
    }
    return isEmpty() && !lost.containsKey(OutputLoss.ENDED);
  }

  /** Returns the account of the lines so far. */
  public synchronized OutputAccount account() {
    return new OutputAccount(
        name,
        taken,
        written,
        lost,
        pending,
        gone != null || (failure != null && !isEmpty()) ? waitingSince : null);
  }

  /**
   * Returns the stall of an output that has waiting lines and accepted nothing for longer than
   * {@code after}. It is empty for an output that works.
   */
  public synchronized Optional<Stall> stall(Duration after) {
    if (gone != null) {
      return Optional.of(
          new Stall(name, waitingSince, 0, "its reader has gone; remedy: a restart"));
    }
    boolean stalled = (!isEmpty() || task != null) && passed(waitingSinceNanos, after);
    return stalled
        ? Optional.of(
            new Stall(name, waitingSince, pending, failure == null ? "nobody reads it" : failure))
        : Optional.empty();
  }

  /**
   * Returns the exception for an output whose reader has gone; empty while it may have a reader.
   */
  public synchronized Optional<ReaderGoneException> readerGone() {
    return Optional.ofNullable(gone);
  }

  /**
   * Waits until all lines are written: 20 s at most over all calls, and 5 s while nothing is
   * accepted.
   *
   * @return whether all lines are written
   */
  public synchronized boolean drain() {
    if (drainEndNanos == null) {
      drainEndNanos = System.nanoTime() + MOST_AT_END.toNanos();
    }
    long end = drainEndNanos;
    long sinceNanos = System.nanoTime();
    long seen = waitingSinceNanos;
    try {
      while (!isEmpty() || task != null) {
        long now = System.nanoTime();
        if (seen != waitingSinceNanos) {
          seen = waitingSinceNanos;
          sinceNanos = now;
        }
        long left = Math.min(end, sinceNanos + STANDSTILL_AT_END.toNanos()) - now;
        if (left <= 0 || gone != null) {
          break;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return isEmpty() && task == null;
  }

  /**
   * Stops accepting lines, waits as {@link #drain} does, and counts the remaining lines as lost. A
   * second call does nothing.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    boolean ignored = drain();
    synchronized (this) {
      closed = true;
      task = null;
      if (!isEmpty()) {
        note("ended: %d that it has not accepted are lost".formatted(pending));
        lose(OutputLoss.ENDED, pending);
        pending = 0;
        bytes = 0;
        lines.clear();
      }
      notifyAll();
    }
  }
}

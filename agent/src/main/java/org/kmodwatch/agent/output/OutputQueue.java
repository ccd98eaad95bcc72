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
 * What an output was given and has not accepted yet: lines, in order, bounded, with a thread that
 * writes them. Giving never waits, so that an output that nobody reads, or whose disk is full,
 * holds up neither the sensor nor another output; what finds no room is counted. Thread-safe.
 *
 * <p>For maintainers. A write that fails is tried again from the byte at which it stopped, so that
 * no line is torn or comes twice. The thread may be in a write that nothing interrupts (a pipe that
 * nobody reads); it is a daemon, and {@link #close} waits for it no longer than it says.
 */
public final class OutputQueue implements AutoCloseable {

  /** How much may wait. */
  public static final int MAX_BYTES = 8 << 20;

  /** An output that has accepted nothing for longer is not waited for. */
  static final Duration KEEPS_UP = Duration.ofMillis(250);

  /** Nor is one that was waited for in vain, for so long: it is slow. */
  static final Duration UNTIL_NEXT_WAIT = Duration.ofSeconds(5);

  /** How long the end waits for an output that accepts nothing. */
  private static final Duration STANDSTILL_AT_END = Duration.ofSeconds(5);

  /** How long it waits in all. */
  private static final Duration MOST_AT_END = Duration.ofSeconds(20);

  /** As much as is written at once: an output's progress is seen between two of them. */
  private static final int PIECE_BYTES = 8 << 10;

  private final String name;
  private final Settings settings;
  private final Consumer<String> notes;
  private final Thread writer;

  // All below is guarded by this object.
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

  /** Whether it was last waited for in vain, and when. */
  private boolean slow;

  private long slowSinceNanos;

  /** When it last accepted something, or became busy. */
  private long waitingSinceNanos;

  private Instant waitingSince = Instant.EPOCH;
  private @Nullable String failure;

  /** Whether it was said that it fails, and not yet that it writes again. */
  private boolean saidToFail;

  private @Nullable ReaderGoneException gone;
  private @Nullable Long drainEndNanos;

  /**
   * What differs in tests.
   *
   * @param nanoTime a clock that is never set
   * @param clock for times that are shown
   * @param retry the wait after a write that failed
   * @param maxBytes how much may wait
   */
  record Settings(LongSupplier nanoTime, InstantSource clock, Duration retry, int maxBytes) {}

  /** Whole lines on their way to one destination. */
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

  /** Something that is written as a whole, such as a file that replaces another. */
  @FunctionalInterface
  public interface Task {
    /**
     * Writes it; called again later if it fails.
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
   * Makes one.
   *
   * @param name of the output, in messages and in the ledger
   * @param maxBytes how much may wait
   * @param notes takes lines for a person, from any thread
   */
  public static OutputQueue named(String name, int maxBytes, Consumer<String> notes) {
    return new OutputQueue(
        name,
        new Settings(System::nanoTime, InstantSource.system(), Duration.ofSeconds(1), maxBytes),
        notes);
  }

  /** What it is called. */
  public String name() {
    return name;
  }

  /**
   * A stream into the queue. Each write to it must be whole lines; it never waits or fails, and
   * flushing does nothing.
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

  /** Has {@code newTask} run after what was given so far; one that has not run yet is forgotten. */
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

  // The queue's thread.

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
      // What is left is counted by close().
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
          // A terminal or pipe that somebody set to wait for nothing.
          rest(Duration.ofMillis(50));
        }
      }
      synchronized (this) {
        if (lines.peekFirst() != next) {
          // The end has counted it as lost.
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
    } catch (RuntimeException | Error e) { // This thread must outlive it: nobody else writes.
      failed("%s (a fault of kmodwatch)".formatted(e));
      rest(settings.retry());
    }
  }

  /** Whole lines, and at least one: who is killed between two writes leaves no half of one. */
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
        // A newer one may have come meanwhile.
        if (tasks == number) {
          task = null;
        }
        settled();
      }
    } catch (IOException e) {
      failed(String.valueOf(e.getMessage()));
      rest(settings.retry());
    } catch (RuntimeException | Error e) { // This thread must outlive it: nobody else writes.
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
   * Says that it writes again once nothing waits, under the lock: a disk that gives back a page now
   * and then is full all the same.
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

  // Anybody.

  /**
   * Waits until all that was given is accepted or lost, but no longer than {@code atMost}, and not
   * at all for an output that does not keep up.
   *
   * @return whether a kill at this moment would lose nothing of it
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

  /** Where what was given is. */
  public synchronized OutputAccount account() {
    return new OutputAccount(
        name,
        taken,
        written,
        lost,
        pending,
        gone != null || (failure != null && !isEmpty()) ? waitingSince : null);
  }

  /** Whether it has accepted nothing for longer than {@code after} although something waits. */
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

  /** That nobody reads it any more; empty while somebody may. */
  public synchronized Optional<ReaderGoneException> readerGone() {
    return Optional.ofNullable(gone);
  }

  /**
   * Waits until all is written, but no longer than 20 s, over all calls, and 5 s while nothing is
   * accepted.
   *
   * @return whether all is written
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
   * Takes nothing more, waits as {@link #drain} does, and counts what is left as lost. May be
   * called again.
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

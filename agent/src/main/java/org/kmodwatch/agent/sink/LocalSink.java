package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Stall;

/**
 * Writes notices to an output on this machine: the history, a file or standard output. It has no
 * spool, which would be on a disk of this machine too.
 *
 * <p>For maintainers: one thread claims a batch from the memory queue, writes it, and removes it.
 * An item stays in the queue until the output accepted it. So {@link #awaitWritten} is false while
 * a kill would lose an item, and the kernel's rings keep the item's events.
 */
final class LocalSink implements Sink {

  /** Limits how long the end of the sink waits until the queue is written. */
  static final Duration WRITE_AT_END = Duration.ofSeconds(5);

  private static final Duration IDLE = Duration.ofSeconds(60);

  /** Limits the wait for a write that was interrupted. */
  private static final Duration AFTER_INTERRUPT = Duration.ofMillis(500);

  private final String name;
  private final String target;
  private final MemoryQueue queue;
  private final Counters counters;
  private final Transport transport;
  private final Settings settings;
  private final SinkNotes notes;
  private final Intake intake;
  private final Delivery delivery;
  private final Settlement settlement;
  private final Signal end = new Signal();
  private final Thread writer;
  private volatile boolean ending;
  private volatile boolean closed;

  /**
   * Holds the settings that differ in tests.
   *
   * @param clock the clock for shown times
   * @param random the source of the jitter
   * @param firstRetry the bound of the first delay after a failure
   * @param mostRetry the bound of the longest delay
   * @param writeAtEnd how long the end of the sink continues to write
   * @param maxQueued the largest number of items in memory
   */
  record Settings(
      InstantSource clock,
      RandomGenerator random,
      Duration firstRetry,
      Duration mostRetry,
      Duration writeAtEnd,
      int maxQueued) {

    /** A retry costs no other machine anything, and the queue is short: so the delays are short. */
    static final Settings REAL =
        new Settings(
            InstantSource.system(),
            RandomGenerator.of("L64X128MixRandom"),
            Duration.ofMillis(500),
            Duration.ofSeconds(5),
            WRITE_AT_END,
            MemoryQueue.MAX_ITEMS);
  }

  /**
   * Creates a sink.
   *
   * @param before the account of an earlier sink of this name, which this sink continues
   */
  LocalSink(
      SinkSettings sink,
      SinkContext context,
      Format format,
      Transport transport,
      Settings settings,
      Optional<SinkAccount> before) {
    this.name = sink.name();
    this.target = sink.target().shown();
    this.queue = new MemoryQueue(settings.maxQueued());
    this.counters = Counters.withoutSpool(name, before);
    this.transport = transport;
    this.settings = settings;
    this.notes = SinkNotes.of(sink, context);
    this.intake = new Intake(sink.filter(), context.catalogue(), format, queue, counters, notes);
    this.delivery =
        new Delivery(
            transport,
            target,
            new Backoff(settings.firstRetry(), settings.mostRetry(), settings.random()),
            settings.clock(),
            counters,
            notes);
    this.settlement = new MemorySettlement(queue, counters);
    this.writer = Thread.ofPlatform().name("kmodwatch-" + name).daemon().unstarted(this::write);
  }

  @Override
  public void start() {
    writer.start();
  }

  @Override
  public void accept(Notice notice) {
    intake.take(notice);
  }

  @Override
  public boolean awaitWritten(Duration atMost) {
    return counters.awaitWritten(atMost);
  }

  @Override
  public Optional<Stall> stall(Duration after) {
    return counters.stall(Sinks.outputName(name), after);
  }

  @Override
  public SinkAccount account() {
    return counters.account();
  }

  @Override
  public void limitMemory(long bytes) {
    queue.limit(bytes);
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  // Runs in the thread kmodwatch-NAME.

  private void write() {
    try {
      while (!queue.isAtEnd()) {
        List<Item> batch = queue.claim(transport.maxItems(), Delivery.MAX_BATCH_BYTES - 2, IDLE);
        if (batch.isEmpty()) {
          continue;
        }
        Optional<Duration> pause = write(batch);
        if (pause.isEmpty()) {
          intake.noteRoom();
        } else if (ending) {
          return;
        } else {
          rest(pause.get());
        }
      }
    } catch (InterruptedException e) {
      // leave() counts the remaining items.
    }
  }

  private Optional<Duration> write(List<Item> batch) throws InterruptedException {
    try {
      return delivery.deliver(batch, settlement);
    } finally {
      queue.release();
    }
  }

  /** Waits between retries. A new item does not shorten the wait; the end of the sink does. */
  private void rest(Duration pause) throws InterruptedException {
    if (!ending) {
      end.await(pause);
    }
  }

  // Any thread may call the methods below.

  /**
   * Ends the sink. Items are written for at most {@link #WRITE_AT_END}; an output that fails gets
   * one more attempt. The remaining items are counted as lost. A second call does nothing.
   */
  @Override
  public synchronized void leave() {
    if (closed) {
      return;
    }
    closed = true;
    queue.close();
    ending = true;
    end.raise();
    boolean writerEnded = join();
    long left = counters.endMemory();
    if (left > 0) {
      notes.note(
          "notices lost: %d, since %s accepted no more before the end".formatted(left, target));
    }
    if (writerEnded) {
      transport.close();
    } else {
      // Nothing interrupts a write to a pipe or to a slow disk, and its end may wait for it.
      Thread.ofPlatform().daemon().name("kmodwatch-late-" + name).start(transport::close);
    }
  }

  @Override
  public void close() {
    leave();
  }

  private boolean join() {
    try {
      if (writer.getState() == Thread.State.NEW || writer.join(settings.writeAtEnd())) {
        return true;
      }
      writer.interrupt();
      return writer.join(AFTER_INTERRUPT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

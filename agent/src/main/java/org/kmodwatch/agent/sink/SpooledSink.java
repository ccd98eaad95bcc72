package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Stall;

/**
 * Delivers notices to a receiver on the network, from a durable spool.
 *
 * <p>For maintainers: an item passes from the memory queue to the spool to the receiver. If the
 * disk fails and every item on disk is sent, the sender takes items from the memory queue. So an
 * attacker who fills the disk cannot silence the agent.
 */
final class SpooledSink implements Sink {

  /** Limits how long {@link #close()} continues to send. */
  static final Duration SEND_AT_END = Duration.ofSeconds(5);

  /** Limits how long {@link #close()} waits for the disk. */
  static final Duration SPOOL_AT_END = Duration.ofSeconds(5);

  private static final int MAX_WRITE_ITEMS = 1000;
  private static final Duration IDLE = Duration.ofSeconds(60);

  /** Sets the interval of the check whether a sink that was left is done with its spool. */
  private static final Duration LATE_LOOK = Duration.ofMillis(100);

  private final String name;
  private final Intake intake;
  private final MemoryQueue queue;
  private final Spool spool;
  private final Counters counters;
  private final Transport transport;
  private final Settings settings;
  private final SinkNotes notes;
  private final Delivery delivery;
  private final Settlement ofMemory;
  private final Signal toSender = new Signal();
  private final Signal toWriter = new Signal();
  private final Thread writer;
  private final Thread sender;
  private volatile boolean ending;
  private volatile boolean spoolFails;
  private final Losses spoolFull = new Losses();
  private boolean spoolUnreadable;
  private volatile boolean closed;

  /**
   * Holds the settings that differ in tests.
   *
   * @param clock the clock for shown times
   * @param random the source of the jitter
   * @param firstRetry the bound of the first delay after a failure
   * @param mostRetry the bound of the longest delay
   * @param spoolRetry the delay after a failure of the disk
   * @param sendAtEnd how long closing continues to send
   * @param maxQueued the largest number of items in memory
   */
  record Settings(
      InstantSource clock,
      RandomGenerator random,
      Duration firstRetry,
      Duration mostRetry,
      Duration spoolRetry,
      Duration sendAtEnd,
      int maxQueued) {
    static final Settings REAL =
        new Settings(
            InstantSource.system(),
            // The numbers need not be secret; they only must differ between the machines of a
            // fleet.
            RandomGenerator.of("L64X128MixRandom"),
            Duration.ofMillis(500),
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            SEND_AT_END,
            MemoryQueue.MAX_ITEMS);
  }

  SpooledSink(
      SinkSettings sink,
      SinkContext context,
      Format format,
      Transport transport,
      Settings settings,
      Optional<SinkAccount> before) {
    this.name = sink.name();
    this.queue = new MemoryQueue(settings.maxQueued());
    this.counters = before.map(Counters::new).orElseGet(() -> new Counters(name));
    this.transport = transport;
    this.settings = settings;
    this.notes = SinkNotes.of(sink, context);
    this.intake = new Intake(sink.filter(), context.catalogue(), format, queue, counters, notes);
    this.delivery =
        new Delivery(
            transport,
            sink.target().shown(),
            new Backoff(settings.firstRetry(), settings.mostRetry(), settings.random()),
            settings.clock(),
            counters,
            notes);
    this.ofMemory = new MemorySettlement(queue, counters);
    SpoolSettings spoolSettings = Objects.requireNonNull(sink.spool());
    this.spool =
        Spool.open(
            spoolSettings.folder(),
            spoolSettings.maxBytes(),
            counters,
            notes::note,
            before.isPresent());
    this.writer = Thread.ofPlatform().name("kmodwatch-spool").daemon().unstarted(this::write);
    this.sender = Thread.ofPlatform().name("kmodwatch-" + name).daemon().unstarted(this::send);
  }

  @Override
  public void start() {
    writer.start();
    sender.start();
  }

  @Override
  public void accept(Notice notice) {
    intake.take(notice);
  }

  @Override
  public SinkAccount account() {
    return counters.account();
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
  public void limitMemory(long bytes) {
    queue.limit(bytes);
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  Spool spool() {
    return spool;
  }

  /** Reports the end of a period of losses: at most half of the items remain. */
  private void noteRoom() {
    intake.noteRoom();
    long dropped = spoolFull.endedAt(counters.inSpool());
    if (dropped > 0) {
      notes.note("spool: has room again; notices dropped: " + dropped);
    }
  }

  // Runs in the thread kmodwatch-spool.

  private void write() {
    try {
      while (true) {
        List<Item> batch =
            queue.claim(
                MAX_WRITE_ITEMS,
                Delivery.MAX_BATCH_BYTES,
                spoolFails ? settings.spoolRetry() : IDLE);
        if (batch.isEmpty()) {
          if (queue.isAtEnd()) {
            return;
          }
          probe();
          continue;
        }
        boolean written = write(batch);
        toSender.raise();
        if (!written) {
          if (ending) {
            return;
          }
          toWriter.await(settings.spoolRetry());
        }
      }
    } catch (InterruptedException e) {
      // close() counts the remaining items.
    }
  }

  /** Tests the disk after a failure, so that its recovery is noticed even without a new item. */
  private void probe() {
    if (spoolFails) {
      try {
        spool.probe();
        spoolWorks();
      } catch (SpoolException still) {
        // The failure was already reported.
      }
    }
  }

  private void spoolFailed(String why) {
    if (!spoolFails) {
      spoolFails = true;
      counters.spoolFails(settings.clock().instant(), why);
      notes.note("spool: cannot write, retrying every second: " + why);
    }
  }

  private void spoolWorks() {
    if (spoolFails) {
      spoolFails = false;
      counters.spoolWorks();
      notes.note("spool: writes again");
    }
  }

  private boolean write(List<Item> batch) {
    try {
      long forcedOut = spool.append(batch);
      queue.remove(batch.size());
      if (spoolFull.add(forcedOut, forcedOut > 0 ? counters.inSpool() : 0)) {
        notes.note(
            "spool: full, the oldest notices are dropped and counted from now on; remedy: a larger"
                + " spool-max");
      }
      spoolWorks();
      noteRoom();
      return true;
    } catch (SpoolException e) {
      spoolFailed(String.valueOf(e.getMessage()));
      return false;
    } catch (RuntimeException | Error e) { // The only writer thread must survive.
      spoolFailed("%s (a fault of kmodwatch)".formatted(e));
      return false;
    } finally {
      queue.release();
    }
  }

  // Runs in the thread kmodwatch-NAME.

  private void send() {
    try {
      while (true) {
        // This is read before the turn: the turn must still see the last batch of the writer.
        boolean writerDone = ending && !writer.isAlive();
        Turn turn = sendOnce();
        switch (turn) {
          case Turn.Sent() -> noteRoom();
          case Turn.Nothing() -> {
            if (writerDone) {
              return;
            }
            toSender.await(ending ? Duration.ofMillis(20) : IDLE);
          }
          case Turn.Failed(Duration pause) -> {
            if (ending) {
              return;
            }
            rest(pause);
          }
        }
      }
    } catch (InterruptedException e) {
      // The remaining items are in the spool, or close() counts them.
    }
  }

  /** Waits between retries. A new item does not shorten the wait; the end of the sink does. */
  private void rest(Duration pause) throws InterruptedException {
    long end = System.nanoTime() + pause.toNanos();
    long left;
    while (!ending && (left = end - System.nanoTime()) > 0) {
      toSender.await(Duration.ofNanos(left));
    }
  }

  /** A turn is the result of one attempt to send. */
  private sealed interface Turn {
    /** Some items were delivered, refused, or must be read from the spool first. */
    record Sent() implements Turn {}

    /** There was nothing to send. */
    record Nothing() implements Turn {}

    /**
     * The attempt failed and must be repeated.
     *
     * @param pause the delay before the retry
     */
    record Failed(Duration pause) implements Turn {}
  }

  private Turn sendOnce() throws InterruptedException {
    Spool.Batch batch;
    try {
      batch = spool.next(transport.maxItems(), Delivery.MAX_BATCH_BYTES);
      if (spoolUnreadable) {
        spoolUnreadable = false;
        notes.note("spool: reads again");
      }
    } catch (SpoolException e) {
      if (!spoolUnreadable) {
        spoolUnreadable = true;
        notes.note("spool: cannot read, retrying every second: " + e.getMessage());
      }
      // Delivery matters more than order here.
      Turn turn = sendFromMemory();
      return turn instanceof Turn.Nothing ? new Turn.Failed(settings.spoolRetry()) : turn;
    }
    if (batch.items().isEmpty()) {
      return spoolFails ? sendFromMemory() : new Turn.Nothing();
    }
    try {
      return turn(delivery.deliver(batch.items(), new SpoolSettlement(batch)));
    } finally {
      spool.giveBack();
    }
  }

  private Turn sendFromMemory() throws InterruptedException {
    List<Item> claimed = queue.tryClaim(transport.maxItems(), Delivery.MAX_BATCH_BYTES - 2);
    if (claimed.isEmpty()) {
      return new Turn.Nothing();
    }
    if (counters.inSpool() > 0 && !spoolUnreadable) {
      // The disk accepted items in the meantime, and those are sent first.
      queue.release();
      return new Turn.Sent();
    }
    try {
      return turn(delivery.deliver(claimed, ofMemory));
    } finally {
      queue.release();
    }
  }

  private static Turn turn(Optional<Duration> pause) {
    return pause.isPresent() ? new Turn.Failed(pause.get()) : new Turn.Sent();
  }

  /** Ends the items of a batch from the spool. */
  private final class SpoolSettlement implements Settlement {
    private final Spool.Batch batch;
    private int settled;

    SpoolSettlement(Spool.Batch batch) {
      this.batch = batch;
    }

    @Override
    public void settle(int count, boolean refused) {
      spool.settle(batch.part(settled, settled + count), refused);
      settled += count;
    }
  }

  /**
   * Ends the sink. Items in memory are written to disk. Items are sent for at most {@link
   * #SEND_AT_END}; the rest stays on disk for the next start. Takes at most {@link #SPOOL_AT_END}
   * and {@link #SEND_AT_END} together. A second call does nothing.
   */
  @Override
  public void close() {
    close(settings.sendAtEnd());
  }

  /**
   * Ends the sink as {@link #close()}, but leaves unsent items to the next sink with this spool.
   */
  @Override
  public void leave() {
    close(Duration.ZERO);
  }

  private synchronized void close(Duration sendAtEnd) {
    if (closed) {
      return;
    }
    closed = true;
    queue.close();
    ending = true;
    toWriter.raise();
    toSender.raise();
    boolean writerEnded = join(writer, SPOOL_AT_END, () -> {});
    boolean senderEnded = join(sender, sendAtEnd, transport::close);
    transport.close();
    // A receiver that accepts data and does not answer may block a thread without an interrupt,
    // such as one that writes to a pipe. The spool is still free for the next sink.
    if (writerEnded && (senderEnded || delivery.isWaiting())) {
      spool.close();
    } else {
      // The disk is slow: a late thread closes the spool. The next sink waits for it; nothing else
      // does.
      Thread.ofPlatform().daemon().name("kmodwatch-late-" + name).start(this::closeSpoolLater);
    }
    long left = counters.endMemory();
    if (left > 0) {
      notes.note(
          "notices lost: %d, since neither the disk nor the receiver accepted more before the end"
              .formatted(left));
    }
  }

  private void closeSpoolLater() {
    try {
      writer.join();
      while (!delivery.isWaiting() && !sender.join(LATE_LOOK)) {
        // The sender ends when it returns from the disk.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    spool.close();
  }

  /**
   * Waits for a thread, then interrupts it.
   *
   * @param giveUp aborts the operation that the thread may wait for
   */
  private static boolean join(Thread thread, Duration atMost, Runnable giveUp) {
    try {
      if (thread.getState() == Thread.State.NEW || (!atMost.isZero() && thread.join(atMost))) {
        return true;
      }
      thread.interrupt();
      giveUp.run();
      return thread.join(Duration.ofMillis(500));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.NoticeIds;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.Stall;

/**
 * Delivers findings, load records and alerts to one receiver: in order, at least once, each with a
 * stable id (docs/reference/sinks.md). One thread calls the methods of {@link Output}, which
 * neither wait nor throw. Any thread may call {@link #account}.
 *
 * <p>For maintainers: an item passes from the memory queue to the spool to the receiver. If the
 * disk fails and every item on disk is sent, the sender takes items from the memory queue. So an
 * attacker who fills the disk cannot silence the agent.
 */
public final class SpooledSink implements Output, AutoCloseable {

  /** Limits the spool by default, in bytes. */
  public static final long DEFAULT_SPOOL_BYTES = 256L << 20;

  /** Sets the smallest limit that is allowed for the spool, in bytes. */
  public static final long MIN_SPOOL_BYTES = 4L << 20;

  /** Limits how long {@link #close()} continues to send. */
  public static final Duration SEND_AT_END = Duration.ofSeconds(5);

  /** Limits how long {@link #close()} waits for the disk. */
  public static final Duration SPOOL_AT_END = Duration.ofSeconds(5);

  static final int MAX_BATCH_ITEMS = 100;
  static final long MAX_BATCH_BYTES = 1L << 20;
  private static final int MAX_WRITE_ITEMS = 1000;
  private static final Duration IDLE = Duration.ofSeconds(60);

  /** Sets the interval of the check whether a sink that was left is done with its spool. */
  private static final Duration LATE_LOOK = Duration.ofMillis(100);

  private final String target;
  private final String name;
  private final SinkFilter filter;
  private final Catalogue catalogue;
  private final Format format;
  private final NoticeIds ids = new NoticeIds();
  private final MemoryQueue queue;
  private final Spool spool;
  private final Counters counters;
  private final Transport transport;
  private final Settings settings;
  private final Consumer<String> notes;
  private final Consumer<String> refusals;
  private final Signal toSender = new Signal();
  private final Signal toWriter = new Signal();
  private final Thread writer;
  private final Thread sender;
  private volatile boolean ending;

  /** Says whether the sender waits for the receiver, and so does not use the spool. */
  private volatile boolean waitsForReceiver;

  private volatile boolean spoolFails;

  /**
   * Count the losses of a period, reported at its beginning and its end. The object's own lock
   * guards each.
   */
  private final Losses queueFull = new Losses();

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
    this.target = sink.target().shown();
    this.filter = sink.filter();
    this.catalogue = context.catalogue();
    this.format = format;
    this.queue = new MemoryQueue(settings.maxQueued());
    this.counters = before.map(Counters::new).orElseGet(() -> new Counters(name));
    this.transport = transport;
    this.settings = settings;
    this.notes = context.notes();
    this.refusals = context.refusals();
    this.spool =
        Spool.open(sink.spool(), sink.maxSpoolBytes(), counters, this::note, before.isPresent());
    this.writer = Thread.ofPlatform().name("kmodwatch-spool").daemon().unstarted(this::write);
    this.sender = Thread.ofPlatform().name("kmodwatch-" + name).daemon().unstarted(this::send);
  }

  void start() {
    writer.start();
    sender.start();
  }

  @Override
  public void accept(Notice notice) {
    // A sink sends no events.
    if (notice instanceof Notice.Report report) {
      take(report);
    }
  }

  @Override
  public void flush() {
    // Each item is already queued.
  }

  /** Returns the account of the sink. */
  public SinkAccount account() {
    return counters.account();
  }

  /**
   * Waits until every item is on disk, sent or dropped, at most {@code atMost}. Does not wait while
   * the disk fails.
   *
   * @return whether a kill at this moment would lose no item
   */
  public boolean awaitOnDisk(Duration atMost) {
    try {
      return counters.awaitOnDisk(atMost);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Returns a stall if items are pending and nothing was accepted for longer than {@code after}.
   */
  Optional<Stall> stall(Duration after) {
    return counters.stall(Sinks.outputName(name), after);
  }

  /** Sets the limit of items in memory, in bytes. */
  void limitMemory(long bytes) {
    queue.limit(bytes);
  }

  boolean isClosed() {
    return closed;
  }

  Spool spool() {
    return spool;
  }

  private void take(Notice.Report notice) {
    int severity = catalogue.severityOf(notice);
    if (!filter.takes(notice.kind(), severity)) {
      return;
    }
    Item item;
    try {
      String id = ids.of(notice);
      Optional<byte[]> body = format.write(notice, id);
      if (body.isEmpty()) {
        return;
      }
      item = new Item(id, notice.kind(), notice.timeNanos(), severity, body.get());
    } catch (RuntimeException e) {
      counters.taken();
      counters.lostInMemory(LossReason.UNWRITABLE, 1);
      return;
    }
    counters.taken();
    if (item.body().length > MAX_BATCH_BYTES - 2) {
      counters.lostInMemory(LossReason.TOO_LARGE, 1);
    } else if (!queue.offer(item)) {
      counters.lostInMemory(queue.isClosed() ? LossReason.ENDED : LossReason.QUEUE_FULL, 1);
      if (queueFull.add(1, queue.size())) {
        note("lost: the disk does not keep up, or takes nothing; counted from now on");
      }
    }
  }

  /** Reports the end of a period of losses: at most half of the items remain. */
  private void noteRoom() {
    long lost = queueFull.endedAt(counters.inMemory());
    if (lost > 0) {
      note("the disk keeps up again; lost meanwhile: " + lost);
    }
    long dropped = spoolFull.endedAt(counters.inSpool());
    if (dropped > 0) {
      note("spool: has room again; dropped meanwhile: " + dropped);
    }
  }

  /** Counts the losses of one period. */
  private static final class Losses {
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
     * Returns the losses and resets the count if the period is over with {@code held} items; else
     * 0.
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

  private void note(String text) {
    notes.accept(name + ": " + text);
  }

  // Runs in the thread kmodwatch-spool.

  private void write() {
    try {
      while (true) {
        List<Item> batch =
            queue.claim(
                MAX_WRITE_ITEMS, MAX_BATCH_BYTES, spoolFails ? settings.spoolRetry() : IDLE);
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
      note("spool: cannot write, trying again every second: " + why);
    }
  }

  private void spoolWorks() {
    if (spoolFails) {
      spoolFails = false;
      counters.spoolWorks();
      note("spool: writing again");
    }
  }

  private boolean write(List<Item> batch) {
    try {
      long forcedOut = spool.append(batch);
      queue.remove(batch.size());
      if (spoolFull.add(forcedOut, forcedOut > 0 ? counters.inSpool() : 0)) {
        note(
            "spool: full, the oldest are dropped from now on, and counted; remedy: a larger"
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
    var backoff = new Backoff(settings.firstRetry(), settings.mostRetry(), settings.random());
    try {
      while (true) {
        // This is read before the turn: the turn must still see the last batch of the writer.
        boolean writerDone = ending && !writer.isAlive();
        Turn turn = sendOnce(backoff);
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

  private Turn sendOnce(Backoff backoff) throws InterruptedException {
    Spool.Batch batch;
    try {
      batch = spool.next(transport.maxItems(), MAX_BATCH_BYTES);
      if (spoolUnreadable) {
        spoolUnreadable = false;
        note("spool: reading again");
      }
    } catch (SpoolException e) {
      if (!spoolUnreadable) {
        spoolUnreadable = true;
        note("spool: cannot read, trying again every second: " + e.getMessage());
      }
      // Delivery matters more than order here.
      Turn turn = sendFromMemory(backoff);
      return turn instanceof Turn.Nothing ? new Turn.Failed(settings.spoolRetry()) : turn;
    }
    if (batch.items().isEmpty()) {
      return spoolFails ? sendFromMemory(backoff) : new Turn.Nothing();
    }
    try {
      return deliver(batch, backoff, spool::settle);
    } finally {
      spool.giveBack();
    }
  }

  private Turn sendFromMemory(Backoff backoff) throws InterruptedException {
    List<Item> claimed = queue.tryClaim(transport.maxItems(), MAX_BATCH_BYTES - 2);
    if (claimed.isEmpty()) {
      return new Turn.Nothing();
    }
    if (counters.inSpool() > 0 && !spoolUnreadable) {
      // The disk accepted items in the meantime, and those are sent first.
      queue.release();
      return new Turn.Sent();
    }
    try {
      var batch = new Spool.Batch(claimed, claimed.stream().map(item -> 0L).toList(), 0);
      return deliver(
          batch,
          backoff,
          (part, refused) -> {
            queue.remove(part.items().size());
            if (refused) {
              counters.refused(part.items().size(), false);
            } else {
              counters.delivered(part.items().size(), false);
            }
          });
    } finally {
      queue.release();
    }
  }

  private interface Settling {
    void settle(Spool.Batch part, boolean refused);
  }

  /**
   * Sends all of {@code batch}. A refused batch is halved until the item that causes the refusal is
   * alone.
   */
  private Turn deliver(Spool.Batch batch, Backoff backoff, Settling settling)
      throws InterruptedException {
    var parts = new ArrayDeque<Spool.Batch>();
    parts.push(batch);
    while (!parts.isEmpty()) {
      Spool.Batch part = parts.pop();
      int size = part.items().size();
      switch (sendTo(part.items())) {
        case Answer.Taken() -> {
          worked(backoff);
          settling.settle(part, false);
        }
        case Answer.Refused(String why) when size > 1 -> {
          parts.push(part.part(size / 2, size));
          parts.push(part.part(0, size / 2));
        }
        case Answer.Refused(String why) -> {
          worked(backoff);
          settling.settle(part, true);
          refusals.accept(
              "%s: %s refused an item, which is dropped: %s, id=%s"
                  .formatted(name, target, why, part.items().getFirst().id()));
        }
        case Answer.Later(String why, Duration retryAfter) -> {
          failed(why);
          Duration pause = backoff.next();
          return new Turn.Failed(
              retryAfter != null && retryAfter.compareTo(pause) > 0 ? retryAfter : pause);
        }
      }
    }
    return new Turn.Sent();
  }

  private Answer sendTo(List<Item> items) throws InterruptedException {
    waitsForReceiver = true;
    try {
      return transport.send(items);
    } catch (RuntimeException | Error e) { // The only sender thread must survive.
      return new Answer.Later("%s (a fault of kmodwatch)".formatted(e), null);
    } finally {
      waitsForReceiver = false;
    }
  }

  private void worked(Backoff backoff) {
    backoff.succeeded();
    if (failingSince != null) {
      Duration since = Duration.between(failingSince, settings.clock().instant());
      failingSince = null;
      counters.receiverWorks();
      note("%s takes them again after %d s".formatted(target, since.toSeconds()));
    }
  }

  /** Only the sender uses this field. */
  private @Nullable Instant failingSince;

  private void failed(String why) {
    if (failingSince == null) {
      failingSince = settings.clock().instant();
      counters.receiverFails(failingSince, "cannot send to %s: %s".formatted(target, why));
      note("cannot send to %s, kept until it can: %s".formatted(target, why));
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
    if (writerEnded && (senderEnded || waitsForReceiver)) {
      spool.close();
    } else {
      // The disk is slow: a late thread closes the spool. The next sink waits for it; nothing else
      // does.
      Thread.ofPlatform().daemon().name("kmodwatch-late-" + name).start(this::closeSpoolLater);
    }
    long left = counters.inMemory();
    if (left > 0) {
      counters.lostInMemory(LossReason.ENDED, left);
      note("%d that neither the disk nor the receiver took are lost".formatted(left));
    }
  }

  private void closeSpoolLater() {
    try {
      writer.join();
      while (!waitsForReceiver && !sender.join(LATE_LOOK)) {
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

package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Stall;

/**
 * Counts the items of a sink. Every method moves items between counters under one lock, which is
 * held only briefly. So the account is balanced at every read. Thread-safe.
 */
final class Counters {

  /** Sets how long a disk that timed out counts as slow and is not waited for again. */
  private static final Duration UNTIL_NEXT_WAIT = Duration.ofSeconds(5);

  private final String name;
  private final Map<LossReason, Long> lost = new EnumMap<>(LossReason.class);
  private long carriedOver;
  private long taken;
  private long spooled;
  private long delivered;
  private long refused;
  private long forcedOut;
  private long inMemory;
  private long inSpool;
  private boolean lostAtEnd;
  private @Nullable Instant receiverFailingSince;
  private @Nullable Instant spoolFailingSince;
  private String receiverFailure = "";
  private String spoolFailure = "";
  private long spoolFailingNanos;
  private long progressNanos = System.nanoTime();
  private Instant progress = Instant.now();

  /** Whether the last wait for the disk timed out, and when. */
  private boolean slow;

  private long slowSinceNanos;

  Counters(String name) {
    this.name = name;
  }

  /** Continues the account of an earlier sink of the same name. */
  Counters(SinkAccount before) {
    name = before.name();
    carriedOver = before.carriedOver();
    taken = before.taken();
    spooled = before.spooled();
    delivered = before.delivered();
    refused = before.refused();
    forcedOut = before.forcedOut();
    lost.putAll(before.lost());
    inSpool = before.pending();
  }

  /** Counts the items that the spool holds when it is first opened. */
  synchronized void found(long count) {
    if (count >= inSpool) {
      carriedOver += count - inSpool;
    } else {
      lost.merge(LossReason.SPOOL_GONE, inSpool - count, Long::sum);
    }
    inSpool = count;
  }

  synchronized void taken() {
    taken++;
    if (inMemory + inSpool == 0) {
      progress();
    }
    inMemory++;
  }

  synchronized void lostInMemory(LossReason reason, long count) {
    leaveMemory(count);
    lost.merge(reason, count, Long::sum);
    lostAtEnd |= reason == LossReason.ENDED;
  }

  synchronized void spooled(long count) {
    spooled += count;
    inSpool += count;
    leaveMemory(count);
  }

  synchronized void forcedOut(long count) {
    forcedOut += count;
    inSpool -= count;
  }

  synchronized void delivered(long count, boolean fromSpool) {
    delivered += count;
    progress();
    leave(count, fromSpool);
  }

  synchronized void refused(long count, boolean fromSpool) {
    refused += count;
    progress();
    leave(count, fromSpool);
  }

  synchronized void lostInSpool(LossReason reason, long count) {
    inSpool -= count;
    lost.merge(reason, count, Long::sum);
  }

  synchronized void receiverFails(Instant since, String why) {
    receiverFailingSince = since;
    receiverFailure = why;
  }

  synchronized void receiverWorks() {
    receiverFailingSince = null;
  }

  synchronized void spoolFails(Instant since, String why) {
    spoolFailingSince = since;
    spoolFailingNanos = System.nanoTime();
    spoolFailure = why;
    notifyAll();
  }

  synchronized void spoolWorks() {
    spoolFailingSince = null;
    notifyAll();
  }

  /**
   * Returns a stall if items are pending and the disk or the receiver has accepted nothing for
   * longer than {@code after}.
   */
  synchronized Optional<Stall> stall(String output, Duration after) {
    long now = System.nanoTime();
    long waiting = inMemory + inSpool;
    if (spoolFailingSince != null && now - spoolFailingNanos >= after.toNanos()) {
      return Optional.of(
          new Stall(output, spoolFailingSince, waiting, "cannot write the spool: " + spoolFailure));
    }
    if (waiting > 0 && now - progressNanos >= after.toNanos()) {
      return Optional.of(
          new Stall(
              output,
              progress,
              waiting,
              receiverFailingSince == null ? "it has not answered yet" : receiverFailure));
    }
    return Optional.empty();
  }

  /** Notes that an item was accepted, or that the first item became pending. */
  private void progress() {
    progressNanos = System.nanoTime();
    progress = Instant.now();
  }

  /**
   * Waits until no item is in memory only, at most {@code atMost}. Does not wait while the disk
   * fails or is slow.
   *
   * @return whether a kill at this moment would lose no item
   */
  synchronized boolean awaitOnDisk(Duration atMost) throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    long left;
    if (inMemory == 0 || !slow || System.nanoTime() - slowSinceNanos >= UNTIL_NEXT_WAIT.toNanos()) {
      slow = false;
      while (inMemory > 0 && spoolFailingSince == null && (left = end - System.nanoTime()) > 0) {
        wait(left / 1_000_000 + 1);
      }
      if (inMemory > 0 && atMost.isPositive()) {
        slow = true;
        slowSinceNanos = System.nanoTime();
      }
    }
    return inMemory == 0 && !lostAtEnd;
  }

  synchronized long inMemory() {
    return inMemory;
  }

  synchronized long inSpool() {
    return inSpool;
  }

  synchronized SinkAccount account() {
    return new SinkAccount(
        name,
        carriedOver,
        taken,
        spooled,
        delivered,
        refused,
        forcedOut,
        lost,
        inMemory + inSpool,
        earlier(receiverFailingSince, spoolFailingSince));
  }

  private void leave(long count, boolean fromSpool) {
    if (fromSpool) {
      inSpool -= count;
    } else {
      leaveMemory(count);
    }
  }

  private void leaveMemory(long count) {
    inMemory -= count;
    notifyAll();
  }

  private static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return a.isBefore(b) ? a : b;
  }
}

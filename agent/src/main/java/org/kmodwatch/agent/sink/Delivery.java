package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Delivers batches to the receiver of a sink. It reports when the receiver begins to fail and when
 * it works again. One thread delivers. Any thread may call {@link #isWaiting}.
 */
final class Delivery {

  static final int MAX_BATCH_ITEMS = 100;
  static final long MAX_BATCH_BYTES = 1L << 20;

  private final Transport transport;
  private final String target;
  private final Backoff backoff;
  private final InstantSource clock;
  private final Counters counters;
  private final SinkNotes notes;
  private @Nullable Instant failingSince;

  /** Says whether the thread waits for the receiver's answer. */
  private volatile boolean waiting;

  /**
   * Creates a delivery.
   *
   * @param target the name of the receiver in messages
   * @param clock the clock for shown times
   */
  Delivery(
      Transport transport,
      String target,
      Backoff backoff,
      InstantSource clock,
      Counters counters,
      SinkNotes notes) {
    this.transport = transport;
    this.target = target;
    this.backoff = backoff;
    this.clock = clock;
    this.counters = counters;
    this.notes = notes;
  }

  /**
   * Sends all of {@code batch}. A refused batch is halved until the item that causes the refusal is
   * alone.
   *
   * @param settlement ends the items, in order, as the receiver accepts or rejects them
   * @return the delay before the retry of the items that are not settled; empty if all are
   */
  Optional<Duration> deliver(List<Item> batch, Settlement settlement) throws InterruptedException {
    var parts = new ArrayDeque<List<Item>>();
    parts.push(batch);
    while (!parts.isEmpty()) {
      List<Item> part = parts.pop();
      int size = part.size();
      switch (send(part)) {
        case Answer.Taken() -> {
          worked();
          settlement.settle(size, false);
        }
        case Answer.Refused(String why) when size > 1 -> {
          parts.push(part.subList(size / 2, size));
          parts.push(part.subList(0, size / 2));
        }
        case Answer.Refused(String why) -> {
          worked();
          settlement.settle(1, true);
          notes.refused(
              "%s refused a notice, which is dropped: %s, id=%s"
                  .formatted(target, why, part.getFirst().id()));
        }
        case Answer.Later(String why, Duration retryAfter) -> {
          failed(why);
          Duration pause = backoff.next();
          return Optional.of(
              retryAfter != null && retryAfter.compareTo(pause) > 0 ? retryAfter : pause);
        }
      }
    }
    return Optional.empty();
  }

  /** Returns whether the thread waits for the receiver's answer, and uses nothing else. */
  boolean isWaiting() {
    return waiting;
  }

  private Answer send(List<Item> items) throws InterruptedException {
    waiting = true;
    try {
      return transport.send(items);
    } catch (RuntimeException | Error e) { // The only thread that delivers must survive.
      return new Answer.Later("%s (a fault of kmodwatch)".formatted(e), null);
    } finally {
      waiting = false;
    }
  }

  private void worked() {
    backoff.succeeded();
    if (failingSince != null) {
      Duration since = Duration.between(failingSince, clock.instant());
      failingSince = null;
      counters.receiverWorks();
      notes.note("%s accepts notices again after %d s".formatted(target, since.toSeconds()));
    }
  }

  private void failed(String why) {
    if (failingSince == null) {
      failingSince = clock.instant();
      counters.receiverFails(failingSince, "cannot send to %s: %s".formatted(target, why));
      notes.note("cannot send to %s, notices are queued: %s".formatted(target, why));
    }
  }
}

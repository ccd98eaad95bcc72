package org.kmodwatch.agent.watch;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Collects the whole heap at intervals, while events arrive. Facts about a load are kept for some
 * seconds and reach the old generation by then. Java would let that generation grow to the heap's
 * limit, which is meant for floods, before it collects. Not thread-safe.
 */
public final class Housekeeping {

  static final Duration INTERVAL = Duration.ofMinutes(1);

  private final Runnable collection;
  private final LongSupplier nanoTime;
  private long lastNanos;
  private boolean collected;
  private boolean busy;

  /**
   * Creates the housekeeping.
   *
   * @param collection runs a collection
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  Housekeeping(Runnable collection, LongSupplier nanoTime) {
    this.collection = collection;
    this.nanoTime = nanoTime;
  }

  /** Notes that an event has arrived. */
  void event() {
    busy = true;
  }

  /** Runs a collection if one is due and an event has arrived since the last one. */
  void tick() {
    long nowNanos = nanoTime.getAsLong();
    if (busy && (!collected || nowNanos - lastNanos >= INTERVAL.toNanos())) {
      busy = false;
      collected = true;
      lastNanos = nowNanos;
      collection.run();
    }
  }
}

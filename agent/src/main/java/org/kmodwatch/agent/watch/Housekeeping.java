package org.kmodwatch.agent.watch;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Has the whole heap collected now and then, while there is something to do. What is known of a
 * load is kept for some seconds, by when it has been moved to the old generation; that one Java
 * would let grow to the heap's limit, which is for floods, before it looks at it. Not thread-safe.
 */
public final class Housekeeping {

  static final Duration INTERVAL = Duration.ofMinutes(1);

  private final Runnable collection;
  private final LongSupplier nanoTime;
  private long lastNanos;
  private boolean collected;
  private boolean busy;

  /**
   * Makes one.
   *
   * @param collection collects
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  Housekeeping(Runnable collection, LongSupplier nanoTime) {
    this.collection = collection;
    this.nanoTime = nanoTime;
  }

  /** Something has happened. */
  void event() {
    busy = true;
  }

  /** Collects, if it is time to and something has happened since the last time. */
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

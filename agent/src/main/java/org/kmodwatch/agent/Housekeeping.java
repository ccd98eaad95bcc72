package org.kmodwatch.agent;

import java.time.Duration;
import java.time.Instant;

/**
 * Has the whole heap collected now and then, while there is something to do. What is known of a
 * load is kept for some seconds, by when it has been moved to the old generation; that one Java
 * would let grow to the heap's limit, which is for floods, before it looks at it. Not thread-safe.
 */
final class Housekeeping {

  static final Duration INTERVAL = Duration.ofMinutes(1);

  private final Runnable collection;
  private Instant next = Instant.MIN;
  private boolean busy;

  /**
   * Makes one.
   *
   * @param collection collects
   */
  Housekeeping(Runnable collection) {
    this.collection = collection;
  }

  /** Something has happened. */
  void event() {
    busy = true;
  }

  /** Collects, if it is time to and something has happened since the last time. */
  void tick(Instant now) {
    if (busy && !now.isBefore(next)) {
      busy = false;
      next = now.plus(INTERVAL);
      collection.run();
    }
  }
}

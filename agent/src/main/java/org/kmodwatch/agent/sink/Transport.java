package org.kmodwatch.agent.sink;

import java.util.List;

/** Sends one batch. One thread, but for {@link #close}. */
interface Transport extends AutoCloseable {

  /**
   * Sends {@code batch} and waits for the answer.
   *
   * @throws InterruptedException if this thread is interrupted; whether it got through is open
   */
  Answer send(List<Item> batch) throws InterruptedException;

  /** How many items a batch may have. */
  default int maxItems() {
    return SpooledSink.MAX_BATCH_ITEMS;
  }

  /** Gives up what is on its way. From any thread, and more than once. */
  @Override
  void close();
}

package org.kmodwatch.agent.sink;

import java.util.List;

/** Sends one batch. One thread. */
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

  /** Gives up what is on its way. */
  @Override
  void close();
}

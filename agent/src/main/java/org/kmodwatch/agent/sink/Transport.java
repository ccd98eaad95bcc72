package org.kmodwatch.agent.sink;

import java.util.List;

/** A transport sends batches. One thread uses it, except for {@link #close}. */
interface Transport extends AutoCloseable {

  /**
   * Sends {@code batch} and waits for the answer.
   *
   * @throws InterruptedException if this thread is interrupted; the batch may or may not have
   *     arrived
   */
  Answer send(List<Item> batch) throws InterruptedException;

  /** Returns the largest number of items in a batch. */
  default int maxItems() {
    return SpooledSink.MAX_BATCH_ITEMS;
  }

  /** Aborts the current request. Any thread may call this method, more than once. */
  @Override
  void close();
}

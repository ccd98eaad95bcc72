package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Holds the items that are not on disk yet, bounded by number and bytes. A consumer claims items at
 * the front, and removes them once they are stored or sent. During a claim nobody else can claim,
 * so the order is kept. Thread-safe; {@link #offer} never waits for longer than a few instructions.
 */
final class MemoryQueue {

  static final int MAX_ITEMS = 8192;
  static final long MAX_BYTES = 16L << 20;

  private final int maxItems;
  private long maxBytes = MAX_BYTES;
  private final ArrayDeque<Item> items = new ArrayDeque<>();
  private long bytes;
  private boolean claimed;
  private boolean closed;

  MemoryQueue(int maxItems) {
    this.maxItems = maxItems;
  }

  /** Adds an item at the end. Returns false if the queue is full or closed. */
  synchronized boolean offer(Item item) {
    if (closed || items.size() >= maxItems || bytes + item.body().length > maxBytes) {
      return false;
    }
    items.addLast(item);
    bytes += item.body().length;
    notifyAll();
    return true;
  }

  /** Sets a new limit of bytes. Items beyond the new limit stay in the queue. */
  synchronized void limit(long newMaxBytes) {
    maxBytes = newMaxBytes;
  }

  /**
   * Claims items at the front and waits until there is one. Returns an empty list if the queue is
   * closed and empty.
   *
   * @param atMost the longest wait; after it the list is empty too
   */
  synchronized List<Item> claim(int max, long maxBatchBytes, Duration atMost)
      throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    long left;
    while ((claimed || (items.isEmpty() && !closed)) && (left = end - System.nanoTime()) > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return claimed ? List.of() : front(max, maxBatchBytes);
  }

  /** Returns whether the queue is closed and empty. */
  synchronized boolean isAtEnd() {
    return closed && items.isEmpty();
  }

  /** Claims items at the front without a wait. Returns an empty list if there is another claim. */
  synchronized List<Item> tryClaim(int max, long maxBytes) {
    return claimed ? List.of() : front(max, maxBytes);
  }

  private List<Item> front(int max, long maxBytes) {
    var batch = new ArrayList<Item>();
    long size = 0;
    for (Item item : items) {
      size += item.body().length + 1;
      if (batch.size() == max || (size > maxBytes && !batch.isEmpty())) {
        break;
      }
      batch.add(item);
    }
    claimed = !batch.isEmpty();
    return batch;
  }

  /** Removes the first {@code count} items of the claim. */
  synchronized void remove(int count) {
    for (int i = 0; i < count; i++) {
      bytes -= items.removeFirst().body().length;
    }
  }

  /** Ends the claim. Items that were not removed stay at the front. */
  synchronized void release() {
    claimed = false;
    notifyAll();
  }

  synchronized int size() {
    return items.size();
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }

  synchronized boolean isClosed() {
    return closed;
  }
}

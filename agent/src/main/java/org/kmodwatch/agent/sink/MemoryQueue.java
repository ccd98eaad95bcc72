package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What was taken and is not on disk yet. Bounded by items and bytes. Whoever takes the front out
 * claims it first, and settles it once it is safe elsewhere; nobody else can claim meanwhile, so
 * the order stays. Thread-safe; {@link #offer} never waits for longer than a few instructions.
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

  /** Adds at the end; false if there is no room, or it is closed. */
  synchronized boolean offer(Item item) {
    if (closed || items.size() >= maxItems || bytes + item.body().length > maxBytes) {
      return false;
    }
    items.addLast(item);
    bytes += item.body().length;
    notifyAll();
    return true;
  }

  /** From now on it takes no more while it holds so much; what it holds already stays. */
  synchronized void limit(long newMaxBytes) {
    maxBytes = newMaxBytes;
  }

  /**
   * Claims from the front, waiting for something; empty once it is closed and nothing is left.
   *
   * @param atMost empty too if nothing came for so long
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

  /** Whether it is closed and nothing is left. */
  synchronized boolean isAtEnd() {
    return closed && items.isEmpty();
  }

  /** Claims from the front if that can be done now; empty if not. */
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

  /** Removes {@code count} items of the claim. */
  synchronized void remove(int count) {
    for (int i = 0; i < count; i++) {
      bytes -= items.removeFirst().body().length;
    }
  }

  /** Ends the claim; what of it was not removed stays at the front. */
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

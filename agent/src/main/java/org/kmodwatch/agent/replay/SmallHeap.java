package org.kmodwatch.agent.replay;

import java.util.function.LongSupplier;

/**
 * Has the whole heap collected when it has grown. What is known of a load is kept for some seconds
 * of a recording's time, by when it has been moved to the old generation; that one Java would
 * rather let grow to the heap's limit, which is for the longest lines, than look at it. Not
 * thread-safe.
 */
public final class SmallHeap {

  /** What replay has from the start (packaging/java/replay), and some more. */
  private static final long ORDINARY_BYTES = 46 << 20;

  private final LongSupplier size;
  private final Runnable collection;
  private long limitBytes = ORDINARY_BYTES;

  /**
   * Makes one.
   *
   * @param size how large the heap is, in bytes
   * @param collection collects, and gives back what is not used
   */
  SmallHeap(LongSupplier size, Runnable collection) {
    this.size = size;
    this.collection = collection;
  }

  /** That of this Java machine. */
  static SmallHeap ofThisMachine() {
    return new SmallHeap(Runtime.getRuntime()::totalMemory, System::gc);
  }

  /** Collects if the heap has grown; if that did not help, not again before it has by a third. */
  void check() {
    if (size.getAsLong() > limitBytes) {
      collection.run();
      long left = size.getAsLong();
      limitBytes = left <= ORDINARY_BYTES ? ORDINARY_BYTES : left + left / 3;
    }
  }
}

package org.kmodwatch.agent.replay;

import java.util.function.LongSupplier;

/**
 * Collects the whole heap when it has grown. The facts of a load are kept for some seconds of a
 * recording's time. By then they are in the old generation. Java rather lets that grow to the
 * heap's limit, which is meant for the longest lines. Not thread-safe.
 */
public final class SmallHeap {

  /** The heap at the start of a replay (packaging/java/replay), and a reserve. */
  private static final long ORDINARY_BYTES = 46 << 20;

  private final LongSupplier size;
  private final Runnable collection;
  private long limitBytes = ORDINARY_BYTES;

  /**
   * Creates a watcher of a heap.
   *
   * @param size gives the heap's size, in bytes
   * @param collection collects, and gives unused memory back
   */
  SmallHeap(LongSupplier size, Runnable collection) {
    this.size = size;
    this.collection = collection;
  }

  /** Returns a watcher of this Java machine's heap. */
  static SmallHeap ofThisMachine() {
    return new SmallHeap(Runtime.getRuntime()::totalMemory, System::gc);
  }

  /**
   * Collects if the heap has grown. If the heap stays large, collects again only after it has grown
   * by a third.
   */
  void check() {
    if (size.getAsLong() > limitBytes) {
      collection.run();
      long left = size.getAsLong();
      limitBytes = left <= ORDINARY_BYTES ? ORDINARY_BYTES : left + left / 3;
    }
  }
}

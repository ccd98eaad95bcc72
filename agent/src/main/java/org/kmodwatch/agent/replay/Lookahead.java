package org.kmodwatch.agent.replay;

/**
 * Limits how far the threads that read a recording are ahead of the thread that processes their
 * results. It limits the number of blocks, and the bytes of lines found in them. Thread-safe.
 */
public final class Lookahead {

  private final int maxBlocks;
  private final long maxBytes;
  private int blocks;
  private long bytes;
  private boolean over;

  /**
   * Creates a limit with no blocks ahead.
   *
   * @param maxBlocks the largest number of blocks that are begun and not taken
   * @param maxBytes the bytes of lines found and not taken from which no more blocks are begun
   */
  Lookahead(int maxBlocks, long maxBytes) {
    this.maxBlocks = maxBlocks;
    this.maxBytes = maxBytes;
  }

  /** Waits until one more block may be begun. Returns false if the reading has ended. */
  synchronized boolean begin() {
    while (!over && (blocks == maxBlocks || bytes >= maxBytes)) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    blocks++;
    return !over;
  }

  /** Adds the bytes of the lines found in a block. */
  synchronized void found(long foundBytes) {
    bytes += foundBytes;
  }

  /** Notes that a block was taken, with the lines found in it. */
  synchronized void taken(long foundBytes) {
    blocks--;
    bytes -= foundBytes;
    notifyAll();
  }

  /** Ends the reading: no more blocks may be begun. */
  synchronized void end() {
    over = true;
    notifyAll();
  }
}

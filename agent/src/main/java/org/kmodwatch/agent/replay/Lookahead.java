package org.kmodwatch.agent.replay;

/**
 * How far threads that read a recording are ahead of the one that takes what they found: by so many
 * blocks, and by so many bytes of lines that were found in them. Thread-safe.
 */
public final class Lookahead {

  private final int maxBlocks;
  private final long maxBytes;
  private int blocks;
  private long bytes;
  private boolean over;

  /**
   * Starts with nothing ahead.
   *
   * @param maxBlocks how many blocks may have been begun and not taken
   * @param maxBytes how long the lines may be that were found and not taken, before no more blocks
   *     are begun
   */
  Lookahead(int maxBlocks, long maxBytes) {
    this.maxBlocks = maxBlocks;
    this.maxBytes = maxBytes;
  }

  /** Waits until one more block may be begun; false if no more are. */
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

  /** Lines were found in a block, so long together. */
  synchronized void found(long foundBytes) {
    bytes += foundBytes;
  }

  /** A block was taken, with the lines found in it. */
  synchronized void taken(long foundBytes) {
    blocks--;
    bytes -= foundBytes;
    notifyAll();
  }

  /** No more blocks are to be begun. */
  synchronized void end() {
    over = true;
    notifyAll();
  }
}

package org.kmodwatch.agent.sink;

/**
 * A reason says why a sink lost an item. Items dropped from a full spool are counted separately.
 */
public enum LossReason {
  /** The queue in memory was full: the disk is too slow or fails. */
  QUEUE_FULL("queueFull"),
  /** The item is larger than the limit of a request. */
  TOO_LARGE("tooLarge"),
  /** The item could not be formatted: a fault of Kmodwatch or of a signature. */
  UNWRITABLE("unwritable"),
  /** The spool's file was damaged and its items are unreadable. */
  SPOOL_DAMAGED("spoolDamaged"),
  /** A replaced sink left more items in its spool than the new sink found there. */
  SPOOL_GONE("spoolGone"),
  /** The agent stopped before the disk or the receiver accepted the item. */
  ENDED("ended");

  private final String word;

  LossReason(String word) {
    this.word = word;
  }

  /** Returns the name of the reason in the ledger. */
  public String word() {
    return word;
  }
}

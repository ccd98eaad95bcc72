package org.kmodwatch.agent.sink;

/** Why a sink lost something. What the spool's bound forces out is counted apart. */
public enum LossReason {
  /** The queue in memory was full: the disk is too slow or takes no more. */
  QUEUE_FULL("queueFull"),
  /** It is larger than one request may be. */
  TOO_LARGE("tooLarge"),
  /** It could not be written as JSON: a fault of ours or of a signature. */
  UNWRITABLE("unwritable"),
  /** The spool's file was damaged and what was in it is no longer readable. */
  SPOOL_DAMAGED("spoolDamaged"),
  /** A sink that was replaced left more in its spool than the one after it found there. */
  SPOOL_GONE("spoolGone"),
  /** The agent ended, and neither the disk nor the receiver had taken it. */
  ENDED("ended");

  private final String word;

  LossReason(String word) {
    this.word = word;
  }

  /** What it is called in the ledger. */
  public String word() {
    return word;
  }
}

package org.kmodwatch.agent.output;

/** Why an output never got a line. */
public enum OutputLoss {
  /** The queue in memory was full: the output takes nothing, or too slowly. */
  QUEUE_FULL("queueFull"),
  /** The output's reader has gone. */
  READER_GONE("readerGone"),
  /** The agent ended, and the output had not taken it. */
  ENDED("ended");

  private final String word;

  OutputLoss(String word) {
    this.word = word;
  }

  /** What it is called in the ledger. */
  public String word() {
    return word;
  }
}

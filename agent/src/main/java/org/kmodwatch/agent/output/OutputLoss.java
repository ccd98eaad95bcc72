package org.kmodwatch.agent.output;

/** The reason why an output never received a line. */
public enum OutputLoss {
  /** The queue in memory was full: the output accepts nothing, or too slowly. */
  QUEUE_FULL("queueFull"),
  /** The output's reader has gone. */
  READER_GONE("readerGone"),
  /** The agent ended before the output accepted the line. */
  ENDED("ended");

  private final String word;

  OutputLoss(String word) {
    this.word = word;
  }

  /** Returns the reason's name in the ledger. */
  public String word() {
    return word;
  }
}

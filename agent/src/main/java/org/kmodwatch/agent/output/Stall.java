package org.kmodwatch.agent.output;

import java.time.Instant;

/**
 * An output that has had lines waiting for too long and accepted none of them.
 *
 * @param output the name of the output
 * @param since the time at which it last accepted a line, or received the first one
 * @param waiting the number of waiting lines
 * @param why the reason in words, as far as it is known
 */
public record Stall(String output, Instant since, long waiting, String why) {

  /** Returns the stall as a message for a person. */
  public String detail() {
    return "has accepted nothing since %s, waiting=%d: %s".formatted(since, waiting, why);
  }
}

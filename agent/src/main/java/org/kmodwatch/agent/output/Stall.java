package org.kmodwatch.agent.output;

import java.time.Instant;

/**
 * An output that has had something to write for too long and has accepted none of it.
 *
 * @param output what it is called
 * @param since when it last accepted something, or was given the first thing
 * @param waiting how many wait for it
 * @param why in words, as far as it is known
 */
public record Stall(String output, Instant since, long waiting, String why) {

  /** For a person. */
  public String detail() {
    return "has accepted nothing since %s, waiting=%d: %s".formatted(since, waiting, why);
  }
}

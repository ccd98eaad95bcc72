package org.kmodwatch.agent.output;

import java.util.Locale;
import java.util.Optional;

/** What standard output can look like: the words of {@code -o}. */
public enum OutputFormat {
  /** Rows for people. */
  TABLE,
  /** Findings, one JSON object a line. */
  JSON,
  /** Load records, one JSON object a line. */
  LOADS,
  /** Every event, one JSON object a line. */
  EVENTS,
  /** Nothing. */
  NONE;

  /** The format that {@code word} names, if it names one. */
  public static Optional<OutputFormat> ofWord(String word) {
    for (OutputFormat format : values()) {
      if (format.word().equals(word)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** What it is called on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package org.kmodwatch.agent.output;

import java.util.Locale;
import java.util.Optional;

/** The formats of standard output, named by {@code -o}. */
public enum OutputFormat {
  /** Writes rows for people. */
  TABLE,
  /** Writes findings, one JSON object a line. */
  JSON,
  /** Writes load records, one JSON object a line. */
  LOADS,
  /** Writes every event, one JSON object a line. */
  EVENTS,
  /** Writes nothing. */
  NONE;

  /** Returns the format that {@code word} names; empty if it names none. */
  public static Optional<OutputFormat> ofWord(String word) {
    for (OutputFormat format : values()) {
      if (format.word().equals(word)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** Returns the format's name on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}

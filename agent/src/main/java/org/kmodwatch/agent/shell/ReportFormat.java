package org.kmodwatch.agent.shell;

import org.jspecify.annotations.Nullable;

/**
 * What a command that reports once, rather than streams, can write. Unlike a stream, a report that
 * goes into a file is mostly for a person too, so the table is the default everywhere.
 */
public enum ReportFormat {
  /** For people. */
  TABLE,
  /** For programs. */
  JSON;

  /**
   * The format that {@code word} names; the table if it is null.
   *
   * @throws CommandException if there is no such format
   */
  public static ReportFormat choose(@Nullable String word) {
    if (word == null) {
      return TABLE;
    }
    for (ReportFormat format : values()) {
      if (format.name().equalsIgnoreCase(word)) {
        return format;
      }
    }
    throw new CommandException(
        ExitStatus.USAGE, "no such output format, use table or json: -o " + word);
  }
}

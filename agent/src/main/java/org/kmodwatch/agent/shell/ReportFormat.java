package org.kmodwatch.agent.shell;

import org.jspecify.annotations.Nullable;

/**
 * The format of a command that writes one report and not a stream. A report in a file is mostly for
 * a person too, so the table is the default everywhere.
 */
public enum ReportFormat {
  /** Writes a table for people. */
  TABLE,
  /** Writes JSON for programs. */
  JSON;

  /**
   * Returns the format named {@code word}; the table if it is null.
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

package org.kmodwatch.core.read;

import java.io.IOException;

/**
 * The counters of a reader. {@code lines} is always the sum of the other four.
 *
 * @param lines lines of the input; the point where damaged compressed data ends counts as one
 * @param events lines that were wanted events, or audit records from which such an event is joined
 * @param badLines lines that were not events; errors found only when records are joined are not
 *     counted here
 * @param blankLines lines that have only white space
 * @param otherLines lines with unwanted events, and lines that were skipped without parsing
 */
public record ReadStatistics(
    long lines, long events, long badLines, long blankLines, long otherLines) {

  /** The counters of a reader that has read nothing. */
  public static final ReadStatistics NONE = new ReadStatistics(0, 0, 0, 0, 0);

  /** Returns the sums of both counters. */
  public ReadStatistics plus(ReadStatistics more) {
    return new ReadStatistics(
        lines + more.lines,
        events + more.events,
        badLines + more.badLines,
        blankLines + more.blankLines,
        otherLines + more.otherLines);
  }

  /**
   * Returns the exception for an input that fails after these lines. It names the file and the
   * line.
   */
  public IOException failure(String fileName, IOException cause) {
    return new IOException(
        "cannot read on: file=%s line=%d reason=%s"
            .formatted(fileName, lines + 1, cause.getMessage()),
        cause);
  }
}

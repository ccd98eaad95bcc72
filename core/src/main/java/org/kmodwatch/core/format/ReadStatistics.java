package org.kmodwatch.core.format;

import java.io.IOException;

/**
 * A reader's account; {@code lines} is always the sum of the other four.
 *
 * @param lines lines of the input; the place where damaged compressed data breaks off counts as one
 * @param events lines that were events that were wanted, or one of the records that such an event
 *     is joined from
 * @param badLines lines that were no events; what is found wrong only when records are joined is
 *     not counted here
 * @param blankLines lines with nothing in them but white space
 * @param otherLines events that were not wanted, and lines that were passed over unread
 */
public record ReadStatistics(
    long lines, long events, long badLines, long blankLines, long otherLines) {

  /** Nothing was read. */
  public static final ReadStatistics NONE = new ReadStatistics(0, 0, 0, 0, 0);

  /** Both together. */
  public ReadStatistics plus(ReadStatistics more) {
    return new ReadStatistics(
        lines + more.lines,
        events + more.events,
        badLines + more.badLines,
        blankLines + more.blankLines,
        otherLines + more.otherLines);
  }

  /** What to throw if the input fails after these lines: it names the file and the line. */
  public IOException failure(String fileName, IOException cause) {
    return new IOException(
        "cannot read on: file=%s line=%d reason=%s"
            .formatted(fileName, lines + 1, cause.getMessage()),
        cause);
  }
}

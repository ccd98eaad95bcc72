package org.kmodwatch.core.read;

import java.util.List;

/**
 * Holds the result of scanning a block.
 *
 * @param statistics the number of lines of each kind
 * @param lines the wanted events, audit records for such events, and the bad lines, in the block's
 *     order
 * @param foundBytes length of the lines of those events, in bytes, which indicates the memory that
 *     they take
 */
public record ScannedBlock(ReadStatistics statistics, List<ScannedLine> lines, long foundBytes) {

  /** Copies the list. */
  public ScannedBlock {
    lines = List.copyOf(lines);
  }

  /**
   * Passes all results to {@code handler}.
   *
   * @param joiner joins audit records with those of earlier and later blocks
   * @param fileName the name of the input in messages
   * @param linesBefore the number of lines of the input before this block
   */
  public void deliver(EventHandler handler, LineJoiner joiner, String fileName, long linesBefore) {
    for (ScannedLine line : lines) {
      switch (line) {
        case ScannedLine.Found(var event) -> handler.onEvent(event);
        case ScannedLine.Audit(long number, var record) ->
            joiner.accept(record, fileName, linesBefore + number, handler);
        case ScannedLine.Bad(long number, String reason) ->
            handler.onBadLine(new BadLine(fileName, linesBefore + number, reason));
      }
    }
  }
}

package org.kmodwatch.core.format;

import java.util.List;

/**
 * What a block holds.
 *
 * @param statistics its lines, by what they are
 * @param lines the events that are wanted, parts of such, and the bad lines, in the block's order
 * @param foundBytes how long the lines of those events are, which says about how much memory they
 *     take
 */
public record ScannedBlock(ReadStatistics statistics, List<ScannedLine> lines, long foundBytes) {

  /** Copies the list. */
  public ScannedBlock {
    lines = List.copyOf(lines);
  }

  /**
   * Hands everything to {@code handler}.
   *
   * @param joiner joins what becomes an event only with other lines, of earlier blocks and later
   *     ones
   * @param fileName what to call the input in messages
   * @param linesBefore how many lines of the input came before this block
   */
  public void handOver(EventHandler handler, LineJoiner joiner, String fileName, long linesBefore) {
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

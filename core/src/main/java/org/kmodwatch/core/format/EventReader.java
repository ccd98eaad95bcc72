package org.kmodwatch.core.format;

import java.io.IOException;
import java.io.InputStream;
import org.kmodwatch.core.event.Event;

/**
 * Reads recordings, each line in one of these forms, which are told apart line by line:
 *
 * <ul>
 *   <li>the peer's flat form, one JSON object ({@code eventName});
 *   <li>the peer's form after 0.24, likewise ({@code name} and {@code workload});
 *   <li>an audit log's record ({@code type=} or {@code node=}), which becomes an event with the
 *       others of its audit event;
 *   <li>laurel's JSON, an audit event in one object ({@code ID} and {@code SYSCALL} or another
 *       record);
 *   <li>Falco's alerts, one JSON object ({@code rule} and {@code output_fields}).
 * </ul>
 *
 * <p>Of the last three only what tells of modules is of use (docs/reference/sources.md); the rest
 * is no bad line.
 *
 * <ul>
 *   <li>Compressed input is decompressed, see {@link Compression#open}.
 *   <li>Lines end in a newline, with or without a carriage return; the last may lack it. A byte
 *       order mark before the first line is passed over, and blank lines are.
 *   <li>A field that is absent or null becomes 0, the empty string, false, or null where {@link
 *       Event} has a field nullable. {@code eventName} (or {@code name}) has to be there. A field
 *       of a wrong type makes the line bad, with the key in the reason.
 *   <li>Keys without a place in {@link Event} are kept in its unknown fields.
 *   <li>A byte 0xNN that is not valid UTF-8 becomes the unpaired surrogate U+DCNN, which {@link
 *       EventWriter} writes as an escape: a name that is not text neither loses the event nor
 *       itself.
 *   <li>A key that an object has twice makes the line bad, since readers differ in which they
 *       believe; so does nesting deeper than 500 levels.
 *   <li>A finding is not an event: its event is under {@code Event.Payload}.
 *   <li>If {@link ReadOptions} ask for certain events only, and not for every line, lines that
 *       cannot be one of them are passed over unread.
 * </ul>
 */
public final class EventReader {

  private EventReader() {}

  /**
   * Reads all of {@code in} and hands each event that is wanted, and each bad line, to {@code
   * handler}. Does not close {@code in}.
   *
   * <p>Compressed data that is damaged or ends early gives every event before the damage and then
   * one bad line that says so.
   *
   * @param fileName what to call the input in messages
   * @return how many lines there were, by what they were
   * @throws IOException if {@code in} fails; the message names the file and the line
   */
  public static ReadStatistics read(
      InputStream in, String fileName, ReadOptions options, EventHandler handler)
      throws IOException {
    var scanner = new BlockScanner(options);
    var block = new Block();
    var joiner = new LineJoiner(options);
    ReadStatistics all = ReadStatistics.NONE;
    try {
      LineBlocks blocks = LineBlocks.of(in, options);
      while (blocks.next(block)) {
        ScannedBlock scanned = scanner.scan(block);
        scanned.handOver(handler, joiner, fileName, all.lines());
        all = all.plus(scanned.statistics());
      }
    } catch (IOException e) {
      throw all.failure(fileName, e);
    }
    joiner.finish(handler);
    return all;
  }
}

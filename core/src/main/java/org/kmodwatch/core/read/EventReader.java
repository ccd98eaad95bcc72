package org.kmodwatch.core.read;

import java.io.IOException;
import java.io.InputStream;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.scan.Block;
import org.kmodwatch.core.scan.Decompression;
import org.kmodwatch.core.scan.LineBlocks;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.write.EventWriter;

/**
 * Reads recordings. Each line has one of these forms, which the reader recognises line by line:
 *
 * <ul>
 *   <li>Tracee's flat form, one JSON object ({@code eventName});
 *   <li>Tracee's form after 0.24, one JSON object ({@code name} and {@code workload});
 *   <li>an audit log's record ({@code type=} or {@code node=}), which becomes an event together
 *       with the other records of its audit event;
 *   <li>laurel's JSON, an audit event in one object ({@code ID} and {@code SYSCALL} or another
 *       record);
 *   <li>Falco's alerts, one JSON object ({@code rule} and {@code output_fields}).
 * </ul>
 *
 * <p>Of the last three, only lines about modules are of use (docs/reference/sources.md). Their
 * other lines are not bad lines.
 *
 * <ul>
 *   <li>Compressed input is decompressed, see {@link Decompression#open}.
 *   <li>Lines end in a newline, with or without a carriage return; the last may lack it. The reader
 *       skips a byte order mark before the first line, and blank lines.
 *   <li>A field that is absent or null becomes 0, the empty string, false, or null where {@link
 *       Event} has a nullable field. {@code eventName} (or {@code name}) is required. A field of a
 *       wrong type makes the line bad, with the key in the reason.
 *   <li>Keys without a component in {@link Event} are kept in its unknown fields.
 *   <li>A byte 0xNN that is not valid UTF-8 becomes the unpaired surrogate U+DCNN, which {@link
 *       EventWriter} writes as an escape. A name that is not text therefore loses neither the event
 *       nor its own bytes.
 *   <li>A key that appears twice in an object makes the line bad, because readers differ in the
 *       value that they believe. Nesting deeper than 500 levels also makes it bad.
 *   <li>A finding is not an event: its event is under {@code Event.Payload}.
 *   <li>{@link ReadOptions} can ask for certain events only, and not for every line. The reader
 *       then skips, without parsing, the lines that cannot be such an event.
 * </ul>
 */
public final class EventReader {

  private EventReader() {}

  /**
   * Reads all of {@code in} and passes each wanted event, and each bad line, to {@code handler}.
   * Does not close {@code in}.
   *
   * <p>If compressed data is damaged or ends early, the reader passes every event before the damage
   * and then one bad line that reports the damage.
   *
   * @param fileName the name of the input in messages
   * @return the number of lines of each kind
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
        scanned.deliver(handler, joiner, fileName, all.lines());
        all = all.plus(scanned.statistics());
      }
    } catch (IOException e) {
      throw all.failure(fileName, e);
    }
    joiner.finish(handler);
    return all;
  }
}

package org.kmodwatch.core.format;

import java.io.IOException;
import java.io.InputStream;
import java.nio.CharBuffer;
import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;

/**
 * Reads recordings: events as JSON, one object a line, in the peer's flat form or in its form after
 * 0.24, told apart line by line ({@code eventName} against {@code name} and {@code workload}).
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
 * </ul>
 */
public final class EventReader {

  private final String fileName;
  private final EventHandler handler;
  private long lines;
  private long events;
  private long badLines;
  private long blankLines;

  private EventReader(String fileName, EventHandler handler) {
    this.fileName = fileName;
    this.handler = handler;
  }

  /**
   * Reads all of {@code in} and hands each line to {@code handler}. Does not close {@code in}.
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
    var reader = new EventReader(fileName, handler);
    reader.readAll(in, options);
    return new ReadStatistics(reader.lines, reader.events, reader.badLines, reader.blankLines);
  }

  private void readAll(InputStream in, ReadOptions options) throws IOException {
    LineReader source = null;
    try {
      source = new LineReader(Compression.open(in), options.maxLineBytes());
      while (source.next()) {
        takeLine(source, options);
      }
    } catch (CompressedDataException e) {
      if (source != null && source.length() > 0 && isEvent(source)) {
        takeLine(source, options);
      }
      lines++;
      bad("the input breaks off here: " + e.getMessage());
    } catch (IOException e) {
      throw new IOException(
          "cannot read on: file=%s line=%d reason=%s"
              .formatted(fileName, lines + 1, e.getMessage()),
          e);
    }
  }

  private void takeLine(LineReader source, ReadOptions options) {
    lines++;
    if (source.isTooLong()) {
      bad("longer than %d bytes".formatted(options.maxLineBytes()));
      return;
    }
    int start = lines == 1 ? byteOrderMark(source) : 0;
    if (isBlank(source, start)) {
      blankLines++;
      return;
    }
    Event event;
    try {
      event = parse(source, start);
    } catch (BadLineException e) {
      bad(e.reason());
      return;
    }
    events++;
    handler.onEvent(event);
  }

  private void bad(String reason) {
    badLines++;
    handler.onBadLine(new BadLine(fileName, lines, reason));
  }

  /** Whether the line that the input broke off in happens to be whole. */
  private boolean isEvent(LineReader source) {
    try {
      parse(source, lines == 0 ? byteOrderMark(source) : 0);
      return true;
    } catch (BadLineException e) {
      return false;
    }
  }

  private static Event parse(LineReader source, int start) {
    CharBuffer text = Utf8.decode(source.bytes(), start, source.length() - start);
    Map<String, Value> fields = Json.parseObject(Utf8.unescapeSurrogates(text));
    if (fields.containsKey("eventName")) {
      return FlatForm.read(fields);
    }
    if (fields.containsKey("name") && fields.containsKey("workload")) {
      return ProtobufForm.read(fields);
    }
    if (fields.containsKey("SigMetadata") && fields.containsKey("Event")) {
      throw new BadLineException(
          "a finding, not an event: what it was raised on is under Event.Payload");
    }
    throw new BadLineException("not an event: no eventName, and no name with a workload");
  }

  private static int byteOrderMark(LineReader source) {
    byte[] bytes = source.bytes();
    return source.length() >= 3
            && bytes[0] == (byte) 0xEF
            && bytes[1] == (byte) 0xBB
            && bytes[2] == (byte) 0xBF
        ? 3
        : 0;
  }

  private static boolean isBlank(LineReader source, int start) {
    byte[] bytes = source.bytes();
    for (int i = start; i < source.length(); i++) {
      if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') {
        return false;
      }
    }
    return true;
  }
}

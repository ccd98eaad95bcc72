package org.kmodwatch.core.format;

import java.nio.CharBuffer;
import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;

/** Makes an event of a line. */
final class LineParser {

  private LineParser() {}

  /**
   * The event that {@code length} of {@code bytes}, from {@code start} on, are.
   *
   * @throws BadLineException if they are none
   */
  static Event parse(byte[] bytes, int start, int length) {
    CharBuffer text = Utf8.decode(bytes, start, length);
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
}

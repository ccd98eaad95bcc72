package org.kmodwatch.core.read;

import java.nio.CharBuffer;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.text.Utf8;

/** Parses a line of JSON into events. */
final class LineParser {

  private LineParser() {}

  /**
   * Returns the events in {@code length} bytes of {@code bytes}, from {@code start} on. A line
   * normally has one event. It has two if it reports a load for which the kernel must have read a
   * file. It has none if it is another tool's line unrelated to modules.
   *
   * @throws BadLineException if the line has no known form
   */
  static List<Event> parse(byte[] bytes, int start, int length) {
    CharBuffer text = Utf8.decode(bytes, start, length);
    Map<String, Value> fields = Json.parseObject(Utf8.unescapeSurrogates(text));
    if (fields.containsKey("eventName")) {
      return List.of(FlatForm.read(fields));
    }
    if (fields.containsKey("name") && fields.containsKey("workload")) {
      return List.of(ProtobufForm.read(fields));
    }
    if (LaurelForm.isLaurel(fields)) {
      return LaurelForm.read(fields);
    }
    if (FalcoForm.isFalco(fields)) {
      return FalcoForm.read(fields);
    }
    if (fields.containsKey("SigMetadata") && fields.containsKey("Event")) {
      throw new BadLineException(
          "a finding, not an event: what it was raised on is under Event.Payload");
    }
    throw new BadLineException(
        "not an event: no eventName, no name with a workload, no ID of laurel, no rule of Falco");
  }
}

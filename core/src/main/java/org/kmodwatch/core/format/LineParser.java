package org.kmodwatch.core.format;

import java.nio.CharBuffer;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.text.Utf8;

/** Makes events of a line of JSON. */
final class LineParser {

  private LineParser() {}

  /**
   * The events that {@code length} of {@code bytes}, from {@code start} on, are: one, as a rule;
   * two where a line tells of a load that the kernel must have read a file for; none where a line
   * of another tool has nothing to do with modules.
   *
   * @throws BadLineException if it is no line of a form that is known
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

package org.kmodwatch.core.write;

import java.util.Map;
import org.kmodwatch.core.event.Value;

/** Writes {@link Value} as JSON. */
final class JsonValues {

  private JsonValues() {}

  /**
   * Writes {@code value}. It tests the two most frequent types first and uses no lambdas. Without
   * Java's second compiler, as in the agent, a switch over types and each capturing lambda are
   * calls, made for every value.
   */
  static void write(JsonLine out, Value value) {
    if (value instanceof Value.Str(String text)) {
      out.writeString(text);
      return;
    }
    if (value instanceof Value.Num(String text)) {
      out.writeNumber(text);
      return;
    }
    switch (value) {
      case Value.Null() -> out.writeNull();
      case Value.Bool(boolean truth) -> out.writeBoolean(truth);
      case Value.Num(String text) -> out.writeNumber(text);
      case Value.Str(String text) -> out.writeString(text);
      case Value.Array(var values) -> {
        out.writeStartArray();
        for (Value each : values) {
          write(out, each);
        }
        out.writeEndArray();
      }
      case Value.Obj(var fields) -> {
        out.writeStartObject();
        writeFields(out, fields);
        out.writeEndObject();
      }
    }
  }

  /** Writes {@code fields} into the open object. */
  static void writeFields(JsonLine out, Map<String, Value> fields) {
    for (Map.Entry<String, Value> field : fields.entrySet()) {
      out.writeName(field.getKey());
      write(out, field.getValue());
    }
  }
}

package org.kmodwatch.agent.output;

import java.io.StringWriter;
import java.util.Map;
import org.kmodwatch.core.event.Value;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;

/** Writes the reports and ledgers of commands for programs, but no events. */
public final class JsonText {

  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonText() {}

  /** Returns {@code value} over several lines, indented, without a newline at the end. */
  public static String pretty(Value value) {
    return text(value, new Indented());
  }

  /** Returns {@code value} on one line, without a newline at the end. */
  public static String line(Value value) {
    return text(value, ObjectWriteContext.empty());
  }

  private static String text(Value value, ObjectWriteContext form) {
    var out = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(form, out)) {
      write(json, value);
    }
    return PlainText.escapeInJson(out.toString());
  }

  private static void write(JsonGenerator json, Value value) {
    switch (value) {
      case Value.Null() -> json.writeNull();
      case Value.Bool(boolean b) -> json.writeBoolean(b);
      case Value.Num(String text) -> json.writeNumber(text);
      case Value.Str(String text) -> json.writeString(text);
      case Value.Array(var values) -> {
        json.writeStartArray();
        values.forEach(element -> write(json, element));
        json.writeEndArray();
      }
      case Value.Obj(var fields) -> {
        json.writeStartObject();
        for (Map.Entry<String, Value> field : fields.entrySet()) {
          json.writeName(field.getKey());
          write(json, field.getValue());
        }
        json.writeEndObject();
      }
    }
  }

  private static final class Indented extends ObjectWriteContext.Base {
    @Override
    public PrettyPrinter getPrettyPrinter() {
      var indenter = new DefaultIndenter("  ", "\n");
      return new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
    }

    @Override
    public boolean hasPrettyPrinter() {
      return true;
    }
  }
}

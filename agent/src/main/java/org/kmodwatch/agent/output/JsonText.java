package org.kmodwatch.agent.output;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.kmodwatch.core.event.Value;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;

/** Writes what commands have to say to programs, reports and ledgers, not events; and reads it. */
public final class JsonText {

  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonText() {}

  /** {@code value} over several lines, indented, without a newline at the end. */
  public static String pretty(Value value) {
    return text(value, new Indented());
  }

  /** {@code value} on one line, without a newline at the end. */
  public static String line(Value value) {
    return text(value, ObjectWriteContext.empty());
  }

  /**
   * The value that {@code text} says. Not for what comes from outside: it is read by recursion.
   *
   * @throws IllegalArgumentException if it is no JSON
   */
  public static Value parse(String text) {
    try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      json.nextToken();
      Value value = read(json);
      if (json.nextToken() != null) {
        throw new IllegalArgumentException("something follows the JSON value");
      }
      return value;
    } catch (JacksonException e) {
      throw new IllegalArgumentException("not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static Value read(JsonParser json) {
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        var fields = new LinkedHashMap<String, Value>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String name = json.currentName();
          json.nextToken();
          fields.put(name, read(json));
        }
        yield new Value.Obj(fields);
      }
      case START_ARRAY -> {
        var values = new ArrayList<Value>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          values.add(read(json));
        }
        yield new Value.Array(values);
      }
      case VALUE_STRING -> new Value.Str(json.getString());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Value.Num(json.getString());
      case VALUE_TRUE, VALUE_FALSE -> new Value.Bool(json.getBooleanValue());
      case VALUE_NULL -> new Value.Null();
      case null, default -> throw new IllegalArgumentException("not valid JSON: no value");
    };
  }

  private static String text(Value value, ObjectWriteContext form) {
    var out = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(form, out)) {
      write(json, value);
    }
    return out.toString();
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

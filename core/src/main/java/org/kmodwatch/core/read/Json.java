package org.kmodwatch.core.read;

import java.nio.CharBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.kmodwatch.core.event.Value;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/** Parses JSON text to {@link Value}. */
final class Json {

  /** The largest nesting depth of a line. The code that walks the values is recursive. */
  static final int MAX_DEPTH = 500;

  /**
   * Jackson's own limits are disabled because the length of a line limits its content. Raw control
   * characters in strings are not valid JSON, but they do not make an event unreadable.
   */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH + 1)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private Json() {}

  /**
   * Reads a text that is one object and nothing else.
   *
   * @throws BadLineException if the text has another form
   */
  static Map<String, Value> parseObject(CharBuffer text) {
    try (JsonParser parser =
        FACTORY.createParser(
            ObjectReadContext.empty(),
            text.array(),
            text.arrayOffset() + text.position(),
            text.remaining())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new BadLineException("not a JSON object");
      }
      Map<String, Value> fields = parseFields(parser, 1);
      if (parser.nextToken() != null) {
        throw new BadLineException("something follows the JSON object");
      }
      return fields;
    } catch (JacksonException e) {
      throw new BadLineException(
          "not valid JSON at character %d: %s"
              .formatted(e.getLocation().getCharOffset() + 1, firstLine(e.getOriginalMessage())));
    }
  }

  private static Value parseValue(JsonParser parser, JsonToken token, int depth) {
    return switch (token) {
      case VALUE_NULL -> Value.NULL;
      case VALUE_TRUE -> Value.of(true);
      case VALUE_FALSE -> Value.of(false);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Value.Num(parser.getString());
      case VALUE_STRING -> Value.of(parser.getString());
      case START_ARRAY -> parseArray(parser, checked(depth + 1));
      case START_OBJECT -> Value.taking(parseFields(parser, checked(depth + 1)));
      case END_ARRAY, END_OBJECT, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new BadLineException("not valid JSON: a value is missing");
    };
  }

  private static Value parseArray(JsonParser parser, int depth) {
    var values = new ArrayList<Value>();
    for (JsonToken token = next(parser); token != JsonToken.END_ARRAY; token = next(parser)) {
      values.add(parseValue(parser, token, depth));
    }
    return new Value.Array(values);
  }

  private static Map<String, Value> parseFields(JsonParser parser, int depth) {
    var fields = new LinkedHashMap<String, Value>();
    while (next(parser) != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      // Readers differ in which of the two values they believe, so neither is safe.
      if (fields.put(name, parseValue(parser, next(parser), depth)) != null) {
        throw new BadLineException("a key is there twice: key=" + shortened(name));
      }
    }
    return fields;
  }

  private static JsonToken next(JsonParser parser) {
    JsonToken token = parser.nextToken();
    if (token == null) {
      throw new BadLineException("not valid JSON: it ends early");
    }
    return token;
  }

  private static int checked(int depth) {
    if (depth > MAX_DEPTH) {
      throw new BadLineException("nested deeper than " + MAX_DEPTH + " levels");
    }
    return depth;
  }

  /** Returns {@code text} on one line, cut to 64 characters for a message. */
  static String shortened(String text) {
    String cut = text.length() <= 64 ? text : text.substring(0, 64) + "…";
    return cut.replaceAll("\\p{Cntrl}", "?");
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    String line = end < 0 ? text : text.substring(0, end);
    return (line.length() <= 200 ? line : line.substring(0, 200) + "…")
        .replaceAll("\\p{Cntrl}", "?");
  }
}

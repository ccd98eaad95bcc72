package org.kmodwatch.agent.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.kmodwatch.core.event.Value;

/**
 * Creates the JSON Schema of a shape, for editors that check YAML while it is written.
 *
 * @see <a href="https://json-schema.org/draft/2020-12">JSON Schema, draft 2020-12</a>
 */
public final class JsonSchema {

  private static final String SIZE = "^[0-9]{1,9}[KMGkmg]?$";
  private static final String TIME = "^(0|[0-9]{1,9}(ms|s|m|h|d))$";

  private JsonSchema() {}

  /**
   * Returns the schema of {@code shape}.
   *
   * @param id the schema's own URI
   * @param title the title for people
   */
  public static Value.Obj of(Shape.Group shape, String id, String title) {
    var schema = new LinkedHashMap<String, Value>();
    schema.put("$schema", Value.of("https://json-schema.org/draft/2020-12/schema"));
    schema.put("$id", Value.of(id));
    schema.put("title", Value.of(title));
    schema.putAll(schema(shape));
    return new Value.Obj(schema);
  }

  private static Map<String, Value> schema(Shape shape) {
    return switch (shape) {
      case Shape.Text text -> text(text);
      case Shape.Choice(List<String> words) -> fields("enum", Value.ofStrings(words));
      case Shape.Flag flag -> fields("type", Value.of("boolean"));
      case Shape.Whole(long least, long most) ->
          fields(
              "type", Value.of("integer"), "minimum", Value.of(least), "maximum", Value.of(most));
      case Shape.Size size ->
          fields("type", Value.ofStrings(List.of("string", "integer")), "pattern", Value.of(SIZE));
      case Shape.Time time ->
          fields(
              "type",
              Value.ofStrings(List.of("string", "integer")),
              "pattern",
              Value.of(TIME),
              // Without a unit only 0 is a time.
              "maximum",
              Value.of(0));
      case Shape.Secret secret -> secret();
      case Shape.ListOf(Shape item) ->
          fields("type", Value.of("array"), "items", new Value.Obj(schema(item)));
      case Shape.MapOf(Shape.Text name, Shape value) -> {
        Map<String, Value> map = fields("type", Value.of("object"));
        if (name.pattern() != null) {
          map.put("propertyNames", new Value.Obj(fields("pattern", Value.of(name.pattern()))));
        }
        map.put("additionalProperties", new Value.Obj(schema(value)));
        yield map;
      }
      case Shape.Group(String expected, List<Key> keys) -> group(keys);
      case Shape.OneOf oneOf -> oneOf(oneOf);
      case Shape.OrWord(Shape first, String word) ->
          fields(
              "anyOf",
              new Value.Array(
                  List.of(
                      new Value.Obj(schema(first)),
                      new Value.Obj(fields("const", Value.of(word))))));
    };
  }

  private static Map<String, Value> text(Shape.Text text) {
    // A number also counts as a text if a text is expected, such as a port.
    Map<String, Value> schema =
        fields(
            "type",
            Value.ofStrings(List.of("string", "number", "boolean")),
            "minLength",
            Value.of(1));
    if (text.pattern() != null) {
      schema.put("pattern", Value.of(text.pattern()));
    }
    return schema;
  }

  private static Map<String, Value> secret() {
    var text = new Value.Obj(fields("type", Value.of("string"), "minLength", Value.of(1)));
    return fields(
        "type",
        Value.of("object"),
        "properties",
        new Value.Obj(fields("file", text, "env", text)),
        "additionalProperties",
        Value.of(false),
        "minProperties",
        Value.of(1),
        "maxProperties",
        Value.of(1));
  }

  private static Map<String, Value> group(List<Key> keys) {
    var properties = new LinkedHashMap<String, Value>();
    var required = new ArrayList<String>();
    for (Key key : keys) {
      properties.put(key.name(), described(key));
      if (key.required()) {
        required.add(key.name());
      }
    }
    Map<String, Value> group =
        fields(
            "type",
            Value.of("object"),
            "properties",
            new Value.Obj(properties),
            "additionalProperties",
            Value.of(false));
    if (!required.isEmpty()) {
      group.put("required", Value.ofStrings(required));
    }
    return group;
  }

  private static Value described(Key key) {
    Map<String, Value> schema = schema(key.shape());
    if (!key.says().isEmpty()) {
      schema.put("description", Value.of(key.says()));
    }
    if (key.standard() != null) {
      schema.put("default", Value.of(key.standard()));
    }
    return new Value.Obj(schema);
  }

  private static Map<String, Value> oneOf(Shape.OneOf shape) {
    var cases = new ArrayList<Value>();
    shape
        .cases()
        .forEach(
            (word, own) -> {
              var keys = new ArrayList<Key>();
              keys.add(
                  Key.required(shape.tag(), new Shape.Choice(List.of(word)), shape.expected()));
              keys.addAll(own);
              keys.addAll(shape.common());
              cases.add(new Value.Obj(group(keys)));
            });
    return fields("oneOf", new Value.Array(cases));
  }

  private static Map<String, Value> fields(Object... keysAndValues) {
    var fields = new LinkedHashMap<String, Value>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      fields.put((String) keysAndValues[i], (Value) keysAndValues[i + 1]);
    }
    return fields;
  }
}

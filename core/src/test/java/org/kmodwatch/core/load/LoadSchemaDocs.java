package org.kmodwatch.core.load;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadSchema.Field;
import org.kmodwatch.core.load.LoadSchema.FieldType;

/** Documents the fields of a load record, as a JSON Schema and as a table in Markdown. */
@NullMarked
final class LoadSchemaDocs {

  private static final String HEAD = "| key | type | description |\n|---|---|---|\n";

  private static final Pattern LINK = Pattern.compile("\\[([^]]+)]\\([^)]+\\)");

  private final StringBuilder rows = new StringBuilder();

  /** Holds the groups already listed, by path. */
  private final Map<String, FieldType.Group> groups = new LinkedHashMap<>();

  private LoadSchemaDocs() {}

  /** Returns {@code page} with a new table of keys. */
  static String withTable(String page) {
    var docs = new LoadSchemaDocs();
    docs.rows("", LoadSchema.type());
    int start = page.indexOf(HEAD) + HEAD.length();
    return page.substring(0, start) + docs.rows + page.substring(page.indexOf("\n\n", start) + 1);
  }

  private void rows(String path, FieldType.Group group) {
    Map.Entry<String, FieldType.Group> twin = twinOf(group);
    groups.put(path, group);
    List<Field> known = twin == null ? List.of() : twin.getValue().fields();
    for (Field field : group.fields()) {
      if (known.contains(field)) {
        continue;
      }
      String key = path + field.key();
      row(key, words(field.type()), field.description());
      switch (field.type()) {
        case FieldType.Group inner -> rows(key + ".", inner);
        case FieldType.Groups(var each) -> rows(key + "[].", each);
        default -> {}
      }
    }
    if (twin != null) {
      String place = twin.getKey();
      row(path + "…", "", "the keys of `" + place.substring(0, place.length() - 1) + "`");
    }
  }

  /**
   * Returns an earlier object of which {@code group} has all fields; null if there is no such
   * object.
   */
  private Map.@Nullable Entry<String, FieldType.Group> twinOf(FieldType.Group group) {
    for (Map.Entry<String, FieldType.Group> each : groups.entrySet()) {
      if (!each.getKey().isEmpty() && group.fields().containsAll(each.getValue().fields())) {
        return each;
      }
    }
    return null;
  }

  private void row(String key, String type, String description) {
    rows.append("| `%s` | %s | %s |\n".formatted(key, type, description.replace("|", "\\|")));
  }

  private static String words(FieldType type) {
    return switch (type) {
      case FieldType.Constant(String value) -> "`" + value + "`";
      case FieldType.Words(var words) ->
          words.stream().map(word -> "`" + word + "`").collect(Collectors.joining(", "));
      case FieldType.Group group -> "object";
      case FieldType.Groups groups -> "list of objects";
      case FieldType.Plain plain ->
          switch (plain) {
            case TEXT -> "text";
            case TIME -> "time";
            case WHOLE, UNSIGNED -> "number";
            case FLAG -> "true or false";
            case TEXTS -> "list of texts";
            case NUMBERS -> "numbers by name";
          };
    };
  }

  static String jsonSchema() {
    return "{\n"
        + "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
        + "  \"$id\": \"https://kmodwatch.org/schema/load/1\",\n"
        + "  \"title\": \"Load record of Kmodwatch\",\n"
        + members(LoadSchema.type(), "  ")
        + "\n}\n";
  }

  private static String members(FieldType.Group group, String indent) {
    String required =
        group.fields().stream()
            .filter(Field::required)
            .map(field -> quoted(field.key()))
            .collect(Collectors.joining(", "));
    return indent
        + "\"type\": \"object\",\n"
        + (required.isEmpty() ? "" : indent + "\"required\": [" + required + "],\n")
        + indent
        + "\"properties\": {\n"
        + group.fields().stream()
            .map(field -> indent + "  " + quoted(field.key()) + ": " + schema(field, indent + "  "))
            .collect(Collectors.joining(",\n"))
        + "\n"
        + indent
        + "}";
  }

  private static String schema(Field field, String indent) {
    String description =
        "\"description\": " + quoted(LINK.matcher(field.description()).replaceAll("$1"));
    return switch (field.type()) {
      case FieldType.Group group ->
          "{\n"
              + indent
              + "  "
              + description
              + ",\n"
              + members(group, indent + "  ")
              + "\n"
              + indent
              + "}";
      case FieldType.Groups(var each) ->
          "{\n"
              + indent
              + "  "
              + description
              + ",\n"
              + indent
              + "  \"type\": \"array\",\n"
              + indent
              + "  \"items\": {\n"
              + members(each, indent + "    ")
              + "\n"
              + indent
              + "  }\n"
              + indent
              + "}";
      default -> "{" + plain(field.type()) + ", " + description + "}";
    };
  }

  private static String plain(FieldType type) {
    return switch (type) {
      case FieldType.Constant(String value) -> "\"const\": " + quoted(value);
      // A later version may add words.
      case FieldType.Words(var words) ->
          "\"type\": \"string\", \"examples\": ["
              + words.stream().map(LoadSchemaDocs::quoted).collect(Collectors.joining(", "))
              + "]";
      case FieldType.Plain plain ->
          switch (plain) {
            case TEXT -> "\"type\": \"string\"";
            case TIME -> "\"type\": \"string\", \"format\": \"date-time\"";
            case WHOLE -> "\"type\": \"integer\"";
            case UNSIGNED -> "\"type\": \"integer\", \"minimum\": 0";
            case FLAG -> "\"type\": \"boolean\"";
            case TEXTS -> "\"type\": \"array\", \"items\": {\"type\": \"string\"}";
            case NUMBERS ->
                "\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\"}";
          };
      case FieldType.Group group -> throw new IllegalArgumentException("not plain: " + group);
      case FieldType.Groups groups -> throw new IllegalArgumentException("not plain: " + groups);
    };
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}

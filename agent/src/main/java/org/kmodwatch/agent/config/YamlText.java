package org.kmodwatch.agent.config;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writes configurations: the effective one, and an example with every key. */
public final class YamlText {

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/][A-Za-z0-9/._-]*");
  private static final List<String> WORDS_OF_YAML = List.of("true", "false", "null");
  private static final int WIDTH = 100;

  private final StringBuilder out = new StringBuilder();

  private YamlText() {}

  /**
   * Writes the effective configuration: every key that has a value, with a comment that has the
   * value's origin. For a secret it writes the place, not the secret.
   */
  public static String of(Section section, Shape.Group shape) {
    var text = new YamlText();
    text.section(section, shape.keys(), "");
    return text.out.isEmpty() ? "{}\n" : text.out.toString();
  }

  /** Writes an example: every key of {@code shape} with its purpose, all of them commented out. */
  public static String example(Shape.Group shape, String head) {
    var text = new YamlText();
    head.lines().forEach(line -> text.out.append("## ").append(line).append('\n'));
    for (Key key : shape.keys()) {
      text.out.append('\n');
      text.example(key, "");
    }
    return text.out.toString();
  }

  private void section(Section section, List<Key> keys, String indent) {
    for (Key key : keys) {
      Section.Setting setting = section.settings().get(key.name());
      if (setting != null) {
        String from = setting.given() ? setting.mark().toString() : "standard value";
        value(indent + key.name(), setting.value(), key.shape(), indent, from);
      }
    }
  }

  private void value(
      String start, Object value, @Nullable Shape shape, String indent, String from) {
    switch (value) {
      case Section inner -> {
        line(start + ":", "");
        section(inner, keysOf(shape, inner), indent + "  ");
      }
      case Map<?, ?> map -> {
        line(start + ":" + (map.isEmpty() ? " {}" : ""), map.isEmpty() ? from : "");
        Shape inner = shape instanceof Shape.MapOf(var name, var each) ? each : null;
        map.forEach(
            (name, each) ->
                value(indent + "  " + scalar((String) name), each, inner, indent + "  ", from));
      }
      case List<?> list -> list(start, list, shape, indent, from);
      default -> line(start + ": " + text(value), from);
    }
  }

  private void list(String start, List<?> list, @Nullable Shape shape, String indent, String from) {
    Shape item = shape instanceof Shape.ListOf(var each) ? each : null;
    if (list.stream().noneMatch(Section.class::isInstance)) {
      line(
          start + ": [" + String.join(", ", list.stream().map(YamlText::text).toList()) + "]",
          from);
      return;
    }
    line(start + ":", "");
    for (Object each : list) {
      int before = out.length();
      Section section = (Section) each;
      section(section, keysOf(item, section), indent + "    ");
      out.replace(before, before + indent.length() + 4, indent + "  - ");
    }
  }

  private static List<Key> keysOf(@Nullable Shape shape, Section section) {
    return switch (shape) {
      case Shape.Group(var expected, var keys) -> keys;
      case Shape.OneOf oneOf -> oneOf.keysOf(section.requiredText(oneOf.tag()));
      case null, default -> throw new IllegalStateException("a section has no keys there");
    };
  }

  private void line(String text, String comment) {
    out.append(text);
    if (!comment.isEmpty()) {
      out.append("  # ").append(comment);
    }
    out.append('\n');
  }

  private static String text(Object value) {
    return switch (value) {
      case ByteSize size -> ByteSize.text(size.bytes());
      case Duration span -> Span.text(span);
      case SecretRef.InFile(String path) -> "{file: %s}".formatted(scalar(path));
      case SecretRef.InEnvironment(String name) -> "{env: %s}".formatted(scalar(name));
      case String word -> scalar(word);
      default -> value.toString();
    };
  }

  /** Returns the text, quoted if YAML would read it otherwise. */
  private static String scalar(String text) {
    if (PLAIN.matcher(text).matches()
        && !WORDS_OF_YAML.contains(text)
        && !Character.isDigit(text.charAt(0))) {
      return text;
    }
    return quoted(text);
  }

  /** Returns {@code text} in double quotes, in a form that YAML, JSON and CEL share. */
  public static String quoted(String text) {
    var quoted = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
              } else if (c < ' ' || c == 0x7f || (c >= 0xd800 && c <= 0xdfff)) {
                quoted.append("\\u").append(HexFormat.of().toHexDigits((char) c));
              } else {
                quoted.appendCodePoint(c);
              }
            });
    return quoted.append('"').toString();
  }

  // The example. Every line of it is a comment: "##" before words, "#" before a usable line.

  private void example(Key key, String indent) {
    words(key.says() + (key.required() ? " Required." : ""), indent);
    switch (key.shape()) {
      case Shape.Group(var expected, var keys) -> {
        usable(indent + key.name() + ":");
        keys.forEach(inner -> example(inner, indent + "  "));
      }
      case Shape.MapOf(var name, Shape.OneOf each) -> {
        usable(indent + key.name() + ":");
        each.cases()
            .forEach(
                (word, own) -> {
                  usable(indent + "  my-" + word + ":");
                  usable(indent + "    " + each.tag() + ": " + word);
                  own.forEach(inner -> example(inner, indent + "    "));
                  each.common().forEach(inner -> example(inner, indent + "    "));
                });
      }
      case Shape.ListOf(Shape.Group(var expected, var keys)) -> {
        usable(indent + key.name() + ":");
        boolean first = true;
        for (Key inner : keys) {
          words(inner.says() + (inner.required() ? " Required." : ""), indent + "    ");
          usable(indent + (first ? "  - " : "    ") + inner.name() + ": " + valueOf(inner));
          first = false;
        }
      }
      default -> usable(indent + key.name() + ": " + valueOf(key));
    }
  }

  private static String valueOf(Key key) {
    String value = key.example() == null ? key.standard() : key.example();
    if (value == null) {
      throw new IllegalStateException("a key without a standard value needs an example: " + key);
    }
    return value;
  }

  private void usable(String line) {
    out.append('#').append(line).append('\n');
  }

  private void words(String text, String indent) {
    var line = new StringBuilder("## ").append(indent);
    for (String word : text.split(" ", -1)) {
      if (line.length() + word.length() > WIDTH) {
        out.append(line.toString().stripTrailing()).append('\n');
        line = new StringBuilder("## ").append(indent);
      }
      line.append(word).append(' ');
    }
    out.append(line.toString().stripTrailing()).append('\n');
  }
}

package org.kmodwatch.agent.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares a tree with a shape. Adds all errors to the problems. Returns the correct parts as text,
 * numbers and sections.
 */
public final class Checker {

  private final Problems problems;

  /** Creates a checker that adds errors to {@code problems}. */
  public Checker(Problems problems) {
    this.problems = problems;
  }

  /** Checks a whole configuration. Leaves out wrong parts. */
  public Section check(Tree tree, Shape.Group shape) {
    return check(tree, shape, "");
  }

  /** Checks a group at {@code path} of a configuration. Leaves out wrong parts. */
  public Section check(Tree tree, Shape.Group shape, String path) {
    return value(tree, shape, path) instanceof Section section
        ? section
        : new Section(tree.mark(), path, Map.of());
  }

  /** Returns the value by its shape; null if it is wrong. */
  private @Nullable Object value(Tree tree, Shape shape, String path) {
    return switch (shape) {
      case Shape.Text text -> text(tree, text, path);
      case Shape.Choice(List<String> words) -> choice(tree, words, path);
      case Shape.Flag flag -> flag(tree, path);
      case Shape.Whole whole -> whole(tree, whole, path);
      case Shape.Size size -> size(tree, size, path);
      case Shape.Time time -> time(tree, time, path);
      case Shape.Secret secret -> secret(tree, secret, path);
      case Shape.ListOf(Shape item) -> list(tree, item, path);
      case Shape.MapOf map -> map(tree, map, path);
      case Shape.Group(String expected, List<Key> keys) -> {
        Tree.Table table = table(tree, expected, path);
        yield table == null ? null : group(table, keys, path);
      }
      case Shape.OneOf oneOf -> oneOf(tree, oneOf, path);
      case Shape.OrWord(Shape first, String word) -> orWord(tree, first, word, path);
    };
  }

  private @Nullable Object orWord(Tree tree, Shape first, String word, String path) {
    if (tree instanceof Tree.Scalar scalar && scalar.text().equals(word)) {
      return word;
    }
    var unheard = new Problems();
    Object value = new Checker(unheard).value(tree, first, path);
    return value == null ? wrong(tree, new Shape.OrWord(first, word).expected(), path) : value;
  }

  private @Nullable Object text(Tree tree, Shape.Text shape, String path) {
    String text = scalar(tree, shape.expected(), path);
    if (text == null) {
      return null;
    }
    if (text.isEmpty()) {
      return wrong(tree, shape.expected(), path);
    }
    Optional<String> fault = shape.fault().apply(text);
    if (fault.isPresent()) {
      problems.add(tree.mark(), path, fault.get() + ", found " + Problems.shown(text));
      return null;
    }
    return text;
  }

  private @Nullable Object choice(Tree tree, List<String> words, String path) {
    String expected = new Shape.Choice(words).expected();
    String word = scalar(tree, expected, path);
    if (word == null || words.contains(word)) {
      return word;
    }
    problems.add(
        tree.mark(),
        path,
        "expected %s, found %s%s"
            .formatted(expected, Problems.shown(word), Nearest.hint(word, words)));
    return null;
  }

  private @Nullable Object flag(Tree tree, String path) {
    return tree instanceof Tree.Scalar(var mark, var text, var kind)
            && kind == Tree.Scalar.Kind.FLAG
        ? Boolean.valueOf(text)
        : wrong(tree, new Shape.Flag().expected(), path);
  }

  private @Nullable Object whole(Tree tree, Shape.Whole shape, String path) {
    if (tree instanceof Tree.Scalar(var mark, var text, var kind)
        && kind == Tree.Scalar.Kind.WHOLE) {
      try {
        long number = Long.parseLong(text);
        if (number >= shape.least() && number <= shape.most()) {
          return number;
        }
      } catch (NumberFormatException otherwise) {
        // A hexadecimal or too large number is as wrong as a word.
      }
    }
    return wrong(tree, shape.expected(), path);
  }

  private @Nullable Object size(Tree tree, Shape.Size shape, String path) {
    String text = scalar(tree, shape.expected(), path);
    if (text == null) {
      return null;
    }
    Optional<ByteSize> size =
        ByteSize.parse(text).filter(s -> s.bytes() >= shape.least() && s.bytes() <= shape.most());
    return size.isPresent() ? size.get() : wrong(tree, shape.expected(), path);
  }

  private @Nullable Object time(Tree tree, Shape.Time shape, String path) {
    String text = scalar(tree, shape.expected(), path);
    if (text == null) {
      return null;
    }
    Optional<Duration> span =
        Span.parse(text)
            .filter(s -> s.compareTo(shape.least()) >= 0 && s.compareTo(shape.most()) <= 0);
    return span.isPresent() ? span.get() : wrong(tree, shape.expected(), path);
  }

  private @Nullable Object secret(Tree tree, Shape.Secret shape, String path) {
    if (tree instanceof Tree.Table(var mark, var entries)
        && entries.size() == 1
        && entries.values().iterator().next().value()
            instanceof Tree.Scalar(var at, String text, var kind)
        && !text.isEmpty()) {
      switch (entries.keySet().iterator().next()) {
        case "file" -> {
          return new SecretRef.InFile(text);
        }
        case "env" -> {
          return new SecretRef.InEnvironment(text);
        }
        default -> {}
      }
    }
    // The value may be the secret itself, so the message does not show it.
    problems.add(tree.mark(), path, "expected " + shape.expected());
    return null;
  }

  private @Nullable Object list(Tree tree, Shape item, String path) {
    if (!(tree instanceof Tree.Items(var mark, var items))) {
      return wrong(tree, new Shape.ListOf(item).expected(), path);
    }
    var values = new ArrayList<Object>();
    for (int i = 0; i < items.size(); i++) {
      Object value = value(items.get(i), item, "%s[%d]".formatted(path, i + 1));
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  private @Nullable Object map(Tree tree, Shape.MapOf shape, String path) {
    Tree.Table table = table(tree, shape.expected(), path);
    if (table == null) {
      return null;
    }
    var values = new LinkedHashMap<String, Object>();
    table
        .entries()
        .forEach(
            (name, entry) -> {
              String inner = join(path, name);
              shape
                  .name()
                  .fault()
                  .apply(name)
                  .ifPresent(
                      fault ->
                          problems.add(
                              entry.mark(),
                              inner,
                              "as a name %s, found %s".formatted(fault, Problems.shown(name))));
              Object value = value(entry.value(), shape.value(), inner);
              if (value != null) {
                values.put(name, value);
              }
            });
    return values;
  }

  private @Nullable Object oneOf(Tree tree, Shape.OneOf shape, String path) {
    Tree.Table table = table(tree, shape.expected(), path);
    if (table == null) {
      return null;
    }
    var words = new Shape.Choice(List.copyOf(shape.cases().keySet()));
    Key tag = Key.required(shape.tag(), words, "");
    Tree.Entry chosen = table.entries().get(shape.tag());
    if (chosen == null) {
      missing(table, tag, path);
      return null;
    }
    if (!(value(chosen.value(), words, join(path, shape.tag())) instanceof String word)) {
      return null;
    }
    return group(table, shape.keysOf(word), path);
  }

  private Section group(Tree.Table table, List<Key> keys, String path) {
    var byName = new LinkedHashMap<String, Key>();
    keys.forEach(key -> byName.put(key.name(), key));
    var settings = new LinkedHashMap<String, Section.Setting>();
    table
        .entries()
        .forEach(
            (name, entry) -> {
              Key key = byName.get(name);
              if (key == null) {
                problems.add(
                    entry.mark(),
                    join(path, name),
                    "no such key%s (known: %s)"
                        .formatted(
                            Nearest.hint(name, byName.keySet()),
                            String.join(", ", byName.keySet())));
                return;
              }
              Object value = value(entry.value(), key.shape(), join(path, name));
              if (value != null) {
                settings.put(name, new Section.Setting(entry.value().mark(), value, true));
              }
            });
    for (Key key : keys) {
      if (!table.entries().containsKey(key.name())) {
        if (key.required()) {
          missing(table, key, path);
        } else if (key.standard() != null) {
          settings.put(key.name(), standard(key, table.mark(), path));
        }
      }
    }
    return new Section(table.mark(), path, settings);
  }

  private Section.Setting standard(Key key, Mark mark, String path) {
    Object value =
        value(
            Yaml.scalar(mark, String.valueOf(key.standard())), key.shape(), join(path, key.name()));
    if (value == null) {
      throw new IllegalStateException("the standard value is not right: key=" + key.name());
    }
    return new Section.Setting(mark, value, false);
  }

  private void missing(Tree.Table table, Key key, String path) {
    problems.add(
        table.mark(),
        path,
        "the key %s is missing, expected %s".formatted(key.name(), key.shape().expected()));
  }

  private Tree.@Nullable Table table(Tree tree, String expected, String path) {
    if (tree instanceof Tree.Table table) {
      return table;
    }
    wrong(tree, expected, path);
    return null;
  }

  private @Nullable String scalar(Tree tree, String expected, String path) {
    if (tree instanceof Tree.Scalar(var mark, var text, var kind)
        && kind != Tree.Scalar.Kind.NOTHING) {
      return text;
    }
    wrong(tree, expected, path);
    return null;
  }

  private @Nullable Object wrong(Tree tree, String expected, String path) {
    problems.add(tree.mark(), path, "expected %s, found %s".formatted(expected, tree.shown()));
    return null;
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}

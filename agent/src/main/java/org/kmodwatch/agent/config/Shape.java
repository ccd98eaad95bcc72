package org.kmodwatch.agent.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The allowed form of a value in a configuration. */
public sealed interface Shape {

  /** Returns the expected value, for a message: {@code a size such as 512M}. */
  String expected();

  /**
   * Any text.
   *
   * @param expected the expected text
   * @param fault returns the error of a text, if it has one
   * @param pattern a regular expression that every correct text matches, for editors; null for none
   */
  record Text(String expected, Function<String, Optional<String>> fault, @Nullable String pattern)
      implements Shape {

    /** Returns the shape of any text that is not empty. */
    public static Text of(String expected) {
      return new Text(expected, text -> Optional.empty(), null);
    }

    /** Returns the shape of a text that matches a regular expression as a whole. */
    public static Text matching(String expected, String pattern) {
      return new Text(
          expected,
          text -> text.matches(pattern) ? Optional.empty() : Optional.of("expected " + expected),
          "^(?:" + pattern + ")$");
    }

    /** Returns the shape of a text in which {@code fault} finds no error. */
    public static Text checked(String expected, Function<String, Optional<String>> fault) {
      return new Text(expected, fault, null);
    }
  }

  /**
   * One of some words.
   *
   * @param words the words in the order in which they are shown
   */
  record Choice(List<String> words) implements Shape {
    /** Copies the list. */
    public Choice {
      words = List.copyOf(words);
    }

    @Override
    public String expected() {
      return words.size() == 1 ? words.getFirst() : "one of " + String.join(", ", words);
    }
  }

  /** True or false. */
  record Flag() implements Shape {
    @Override
    public String expected() {
      return "true or false";
    }
  }

  /**
   * A whole number.
   *
   * @param least the smallest number
   * @param most the largest number
   */
  record Whole(long least, long most) implements Shape {
    @Override
    public String expected() {
      return "a whole number from %d to %d".formatted(least, most);
    }
  }

  /**
   * A number of bytes ({@link ByteSize}).
   *
   * @param least the smallest number, in bytes
   * @param most the largest number, in bytes
   */
  record Size(long least, long most) implements Shape {
    @Override
    public String expected() {
      return "a size from %s to %s, such as 512M"
          .formatted(ByteSize.text(least), ByteSize.text(most));
    }
  }

  /**
   * A length of time ({@link Span}).
   *
   * @param least the shortest time
   * @param most the longest time
   */
  record Time(Duration least, Duration most) implements Shape {
    @Override
    public String expected() {
      return "a time from %s to %s, such as 30s, 10m, 12h or 90d"
          .formatted(Span.text(least), Span.text(most));
    }
  }

  /**
   * A secret, which only its owner may read. The configuration never contains it, but its file or
   * variable.
   */
  record Secret() implements Shape {
    @Override
    public String expected() {
      return "{file: PATH} or {env: VARIABLE}; a secret does not stand in the configuration itself";
    }
  }

  /**
   * A list.
   *
   * @param item the shape of each item
   */
  record ListOf(Shape item) implements Shape {
    @Override
    public String expected() {
      return "a list, each " + item.expected();
    }
  }

  /**
   * Names that the user chooses, each with a value.
   *
   * @param name the shape of the names
   * @param value the shape of each value
   */
  record MapOf(Text name, Shape value) implements Shape {
    @Override
    public String expected() {
      return "names with values, each " + value.expected();
    }
  }

  /**
   * A group of known keys.
   *
   * @param expected the expected group as a whole
   * @param keys the keys in the order in which they are shown
   */
  record Group(String expected, List<Key> keys) implements Shape {
    /** Copies the list. */
    public Group {
      keys = List.copyOf(keys);
    }
  }

  /**
   * A group in which one key determines the allowed others.
   *
   * @param expected the expected group as a whole
   * @param tag the determining key
   * @param common the keys of each case, without the tag
   * @param cases by the tag's word, the keys besides the common ones
   */
  record OneOf(String expected, String tag, List<Key> common, Map<String, List<Key>> cases)
      implements Shape {
    /** Copies the collections. */
    public OneOf {
      common = List.copyOf(common);
      cases = Collections.unmodifiableMap(new LinkedHashMap<>(cases));
    }

    /** Returns all allowed keys if the tag is {@code word}. The tag is the first. */
    public List<Key> keysOf(String word) {
      var keys = new ArrayList<Key>();
      keys.add(Key.required(tag, new Choice(List.copyOf(cases.keySet())), expected));
      keys.addAll(cases.getOrDefault(word, List.of()));
      keys.addAll(common);
      return List.copyOf(keys);
    }
  }

  /**
   * One of two shapes.
   *
   * @param first the shape that is tried first
   * @param word the only alternative, such as {@code off}
   */
  record OrWord(Shape first, String word) implements Shape {
    @Override
    public String expected() {
      return first.expected() + ", or " + word;
    }
  }
}

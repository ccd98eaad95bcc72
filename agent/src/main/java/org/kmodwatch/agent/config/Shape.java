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

/** What may stand at one place of a configuration. */
public sealed interface Shape {

  /** What is expected there, for a message: {@code a size such as 512M}. */
  String expected();

  /**
   * Any text.
   *
   * @param expected what it is to be
   * @param fault what is wrong with a text, if anything is
   * @param pattern a regular expression that every right text matches, for editors; null for none
   */
  record Text(String expected, Function<String, Optional<String>> fault, @Nullable String pattern)
      implements Shape {

    /** Any text that is not empty. */
    public static Text of(String expected) {
      return new Text(expected, text -> Optional.empty(), null);
    }

    /** A text of one form, given as a regular expression over all of it. */
    public static Text matching(String expected, String pattern) {
      return new Text(
          expected,
          text -> text.matches(pattern) ? Optional.empty() : Optional.of("expected " + expected),
          "^(?:" + pattern + ")$");
    }

    /** A text that {@code fault} finds nothing wrong with. */
    public static Text checked(String expected, Function<String, Optional<String>> fault) {
      return new Text(expected, fault, null);
    }
  }

  /**
   * One of some words.
   *
   * @param words in the order in which they are shown
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
   * @param least the smallest
   * @param most the largest
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
   * @param least the smallest, bytes
   * @param most the largest, bytes
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
   * @param least the shortest
   * @param most the longest
   */
  record Time(Duration least, Duration most) implements Shape {
    @Override
    public String expected() {
      return "a time from %s to %s, such as 30s, 10m, 12h or 90d"
          .formatted(Span.text(least), Span.text(most));
    }
  }

  /**
   * Something that nobody else is to read: never written down here, but in a file or a variable.
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
   * @param item what each of it is
   */
  record ListOf(Shape item) implements Shape {
    @Override
    public String expected() {
      return "a list, each " + item.expected();
    }
  }

  /**
   * Names that the user gives, each with a value.
   *
   * @param name what the names are to match
   * @param value what each value is
   */
  record MapOf(Text name, Shape value) implements Shape {
    @Override
    public String expected() {
      return "names with values, each " + value.expected();
    }
  }

  /**
   * Keys that are known.
   *
   * @param expected what it is as a whole
   * @param keys in the order in which they are shown
   */
  record Group(String expected, List<Key> keys) implements Shape {
    /** Copies the list. */
    public Group {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Keys of which one says which others there may be.
   *
   * @param expected what it is as a whole
   * @param tag the key that says it
   * @param common the keys of each, without the tag
   * @param cases by the tag's word, the keys besides the common ones
   */
  record OneOf(String expected, String tag, List<Key> common, Map<String, List<Key>> cases)
      implements Shape {
    /** Copies the collections. */
    public OneOf {
      common = List.copyOf(common);
      cases = Collections.unmodifiableMap(new LinkedHashMap<>(cases));
    }

    /** All keys that there may be where the tag is {@code word}; the tag is the first. */
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
   * @param first tried first
   * @param word the only other thing that may stand there, such as {@code off}
   */
  record OrWord(Shape first, String word) implements Shape {
    @Override
    public String expected() {
      return first.expected() + ", or " + word;
    }
  }
}

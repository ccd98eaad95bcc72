package org.kmodwatch.core.load;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/**
 * Reads the fields of an object.
 *
 * @param path keys that lead to the object, each with a dot after it, for messages
 * @param fields its fields
 * @param gaps takes what this version cannot read, of this object and of those inside of it
 */
record FieldReader(String path, Map<String, Value> fields, List<LoadRecord.Gap> gaps) {

  private static final long NANOS = 1_000_000_000L;

  @Nullable Value get(String key) {
    Value value = fields.get(key);
    return value instanceof Value.Null ? null : value;
  }

  <T> T required(String key, @Nullable T value) {
    if (value == null) {
      throw new LoadRecordException(path + shown(key) + " is missing");
    }
    return value;
  }

  LoadRecordException wrong(String key, String wanted) {
    return new LoadRecordException(path + shown(key) + " is not " + wanted);
  }

  @Nullable String text(String key) {
    return switch (get(key)) {
      case null -> null;
      case Value.Str(String text) -> text;
      default -> throw wrong(key, "a string");
    };
  }

  @Nullable Long number(String key) {
    Value value = get(key);
    if (value == null) {
      return null;
    }
    if (value instanceof Value.Num number && number.signed().isPresent()) {
      return number.signed().getAsLong();
    }
    throw wrong(key, "a signed 64-bit number");
  }

  @Nullable Long unsigned(String key) {
    Value value = get(key);
    if (value == null) {
      return null;
    }
    if (value instanceof Value.Num number && number.unsigned().isPresent()) {
      return number.unsigned().getAsLong();
    }
    throw wrong(key, "an unsigned 64-bit number");
  }

  int int32(String key, long number) {
    if (number != (int) number) {
      throw wrong(key, "a 32-bit number");
    }
    return (int) number;
  }

  @Nullable Boolean flagOrNull(String key) {
    return switch (get(key)) {
      case null -> null;
      case Value.Bool(boolean truth) -> truth;
      default -> throw wrong(key, "true or false");
    };
  }

  boolean flag(String key) {
    return Boolean.TRUE.equals(flagOrNull(key));
  }

  @Nullable Long time(String key) {
    String text = text(key);
    if (text == null) {
      return null;
    }
    try {
      Instant time = Instant.parse(text);
      return Math.addExact(Math.multiplyExact(time.getEpochSecond(), NANOS), (long) time.getNano());
    } catch (DateTimeException | ArithmeticException e) {
      throw wrong(key, "a time");
    }
  }

  /**
   * One of the words of a key.
   *
   * @param unknown what a word is that this version does not know, which a later one may have
   *     written; it becomes a gap. So it is if the key is absent, and the record says so already
   */
  <E extends Enum<E>> E word(String key, Function<String, E> valueOf, E unknown) {
    String field = path + key;
    String given = text(key);
    if (given == null && gaps.stream().anyMatch(gap -> gap.field().equals(field))) {
      return unknown;
    }
    String word = required(key, given);
    try {
      E value = valueOf.apply(word.toUpperCase(Locale.ROOT).replace(' ', '_'));
      if (value != unknown && word.equals(LoadRecords.word(value))) {
        return value;
      }
    } catch (IllegalArgumentException noSuchWord) {
      // Told below.
    }
    gaps.add(new LoadRecord.Gap(field, unknownWord(word)));
    return unknown;
  }

  /** Why a field is not known that has a word of a later version, or none of any. */
  static String unknownWord(String word) {
    return "this version does not know the word " + shown(word);
  }

  List<Value> list(String key) {
    return switch (get(key)) {
      case null -> List.of();
      case Value.Array(var values) -> values;
      default -> throw wrong(key, "a list");
    };
  }

  List<String> texts(String key) {
    var texts = new ArrayList<String>();
    for (Value value : list(key)) {
      if (!(value instanceof Value.Str(String text))) {
        throw wrong(key, "a list of strings");
      }
      texts.add(text);
    }
    return texts;
  }

  List<FieldReader> objects(String key) {
    var objects = new ArrayList<FieldReader>();
    for (Value value : list(key)) {
      if (!(value instanceof Value.Obj(var inner))) {
        throw wrong(key, "a list of objects");
      }
      objects.add(new FieldReader(path + key + ".", inner, gaps));
    }
    return objects;
  }

  @Nullable FieldReader objectOrNull(String key) {
    return switch (get(key)) {
      case null -> null;
      case Value.Obj(var inner) -> new FieldReader(path + key + ".", inner, gaps);
      default -> throw wrong(key, "an object");
    };
  }

  FieldReader object(String key) {
    FieldReader object = objectOrNull(key);
    return object == null ? new FieldReader(path + key + ".", Map.of(), gaps) : object;
  }

  static String shown(String text) {
    return (text.length() <= 64 ? text : text.substring(0, 64) + "…").replaceAll("\\p{Cntrl}", "?");
  }
}

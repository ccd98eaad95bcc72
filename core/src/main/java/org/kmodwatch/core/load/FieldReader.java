package org.kmodwatch.core.load;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/**
 * Reads the fields of an object.
 *
 * @param path the keys that lead to the object, each with a dot after it, for messages
 * @param fields the object's fields
 * @param gaps receives the fields that this version cannot read, of this object and of its inner
 *     objects
 */
record FieldReader(String path, Map<String, Value> fields, List<LoadRecord.Gap> gaps)
    implements FieldVisitor {

  private static final long NANOS = 1_000_000_000L;

  private @Nullable Value get(String key) {
    Value value = fields.get(key);
    return value instanceof Value.Null ? null : value;
  }

  @Override
  public <T> T required(String key, @Nullable T value) {
    if (value == null) {
      throw new LoadRecordException(path + shown(key) + " is missing");
    }
    return value;
  }

  @Override
  public void constant(String key, String description, String value) {
    String given = required(key, text(key, description, null));
    if (!given.equals(value)) {
      throw new LoadRecordException(path + key + " is not " + value + " but " + shown(given));
    }
  }

  private LoadRecordException wrong(String key, String wanted) {
    return new LoadRecordException(path + shown(key) + " is not " + wanted);
  }

  @Override
  public @Nullable String text(String key, String description, @Nullable String ignored) {
    return text(key);
  }

  private @Nullable String text(String key) {
    return switch (get(key)) {
      case null -> null;
      case Value.Str(String text) -> text;
      default -> throw wrong(key, "a string");
    };
  }

  @Override
  public @Nullable Long number(String key, String description, @Nullable Long ignored) {
    return number(key);
  }

  private @Nullable Long number(String key) {
    Value value = get(key);
    if (value == null) {
      return null;
    }
    if (value instanceof Value.Num number && number.signed().isPresent()) {
      return number.signed().getAsLong();
    }
    throw wrong(key, "a signed 64-bit number");
  }

  @Override
  public @Nullable Long unsigned(String key, String description, @Nullable Long ignored) {
    Value value = get(key);
    if (value == null) {
      return null;
    }
    if (value instanceof Value.Num number && number.unsigned().isPresent()) {
      return number.unsigned().getAsLong();
    }
    throw wrong(key, "an unsigned 64-bit number");
  }

  @Override
  public @Nullable Integer int32(String key, String description, @Nullable Integer ignored) {
    Long number = number(key);
    if (number != null && number != number.intValue()) {
      throw wrong(key, "a 32-bit number");
    }
    return number == null ? null : (Integer) number.intValue();
  }

  @Override
  public Map<String, Long> numbers(String key, String description, Map<String, Long> ignored) {
    var numbers = new LinkedHashMap<String, Long>();
    FieldReader inner = inner(key);
    if (inner != null) {
      for (String name : inner.fields.keySet()) {
        numbers.put(name, inner.required(name, inner.number(name)));
      }
    }
    return numbers;
  }

  @Override
  public @Nullable Boolean truth(String key, String description, @Nullable Boolean ignored) {
    return switch (get(key)) {
      case null -> null;
      case Value.Bool(boolean truth) -> truth;
      default -> throw wrong(key, "true or false");
    };
  }

  @Override
  public boolean flag(String key, String description, boolean ignored) {
    return Boolean.TRUE.equals(truth(key, description, null));
  }

  @Override
  public @Nullable Long time(String key, String description, @Nullable Long ignored) {
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
   * Reads a word. A word that this version does not know, for example from a later version, becomes
   * a gap. The result is also {@code unknown} if the key is absent and the record already has the
   * gap.
   */
  @Override
  public <E extends Enum<E>> E word(String key, String description, E ignored, E unknown) {
    String field = path + key;
    String given = text(key);
    if (given == null && gaps.stream().anyMatch(gap -> gap.field().equals(field))) {
      return unknown;
    }
    String word = required(key, given);
    try {
      E value =
          Enum.valueOf(
              unknown.getDeclaringClass(), word.toUpperCase(Locale.ROOT).replace(' ', '_'));
      if (value != unknown && word.equals(LoadRecords.word(value))) {
        return value;
      }
    } catch (IllegalArgumentException noSuchWord) {
      // The gap below reports it.
    }
    gaps.add(new LoadRecord.Gap(field, unknownWord(word)));
    return unknown;
  }

  @Override
  public <E extends Enum<E>> E optionalWord(String key, String description, E ignored, E unknown) {
    return get(key) == null ? unknown : word(key, description, ignored, unknown);
  }

  /** Returns the reason for a gap whose field has a word that this version does not know. */
  static String unknownWord(String word) {
    return "this version does not know the word " + shown(word);
  }

  private List<Value> list(String key) {
    return switch (get(key)) {
      case null -> List.of();
      case Value.Array(var values) -> values;
      default -> throw wrong(key, "a list");
    };
  }

  @Override
  public List<String> texts(String key, String description, List<String> ignored) {
    var texts = new ArrayList<String>();
    for (Value value : list(key)) {
      if (!(value instanceof Value.Str(String text))) {
        throw wrong(key, "a list of strings");
      }
      texts.add(text);
    }
    return texts;
  }

  @Override
  public <R> List<R> objects(
      String key, String description, List<R> ignored, R blank, Fields<R> fields) {
    var objects = new ArrayList<R>();
    for (Value value : list(key)) {
      if (!(value instanceof Value.Obj(var inner))) {
        throw wrong(key, "a list of objects");
      }
      objects.add(fields.visit(new FieldReader(path + key + ".", inner, gaps), blank));
    }
    return objects;
  }

  @Override
  public <R> @Nullable R optionalObject(
      String key, String description, @Nullable R ignored, R blank, Fields<R> fields) {
    FieldReader inner = inner(key);
    return inner == null ? null : fields.visit(inner, blank);
  }

  @Override
  public <R> R object(String key, String description, R blank, Fields<R> fields) {
    FieldReader inner = inner(key);
    return inner == null ? blank : fields.visit(inner, blank);
  }

  private @Nullable FieldReader inner(String key) {
    return switch (get(key)) {
      case null -> null;
      case Value.Obj(var inner) -> new FieldReader(path + key + ".", inner, gaps);
      default -> throw wrong(key, "an object");
    };
  }

  static String shown(String text) {
    return (text.length() <= 64 ? text : text.substring(0, 64) + "…").replaceAll("\\p{Cntrl}", "?");
  }
}

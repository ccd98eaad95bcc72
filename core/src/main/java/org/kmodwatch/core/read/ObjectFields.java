package org.kmodwatch.core.read;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/**
 * The fields of one object. The reader takes out each field that it understands, so the unknown
 * ones remain. JSON's null counts as absent. Not thread-safe.
 */
final class ObjectFields {

  /** The path that leads to the object in the line, for messages: empty, or ending in a dot. */
  private final String path;

  private final Map<String, Value> left;

  ObjectFields(String path, Map<String, Value> fields) {
    this.path = path;
    this.left = new LinkedHashMap<>(fields);
  }

  /** Returns the fields that were not taken. */
  Map<String, Value> left() {
    return left;
  }

  /** Puts the remaining fields of {@code inner}, an object taken from here, back under its key. */
  void putBack(String key, ObjectFields inner) {
    if (!inner.left.isEmpty()) {
      left.put(key, new Value.Obj(inner.left));
    }
  }

  @Nullable Value take(String key) {
    Value value = left.remove(key);
    return value instanceof Value.Null ? null : value;
  }

  @Nullable String string(String key) {
    return switch (take(key)) {
      case null -> null;
      case Value.Str(String text) -> text;
      case Value other -> throw wrong(key, "a string", other);
    };
  }

  String stringOrEmpty(String key) {
    String text = string(key);
    return text == null ? "" : text;
  }

  @Nullable Boolean bool(String key) {
    return switch (take(key)) {
      case null -> null;
      case Value.Bool(boolean truth) -> truth;
      case Value other -> throw wrong(key, "true or false", other);
    };
  }

  boolean boolOrFalse(String key) {
    return Boolean.TRUE.equals(bool(key));
  }

  /** Returns a number, as written, that the producer may have put into a string. */
  @Nullable String numberOrString(String key) {
    return switch (take(key)) {
      case null -> null;
      case Value.Str(String text) -> text;
      case Value.Num(String text) -> text;
      case Value other -> throw wrong(key, "a number or a string", other);
    };
  }

  @Nullable Long signed(String key) {
    Value value = take(key);
    return value == null ? null : signed(key, value);
  }

  long signedOrZero(String key) {
    Long number = signed(key);
    return number == null ? 0 : number;
  }

  int intOrZero(String key) {
    long number = signedOrZero(key);
    if (number != (int) number) {
      throw outOfRange(key, "32 bits", number);
    }
    return (int) number;
  }

  /** Returns an unsigned 32-bit number. It may be negative, as Go writes it in some cases. */
  @Nullable Long unsigned32(String key) {
    Long number = signed(key);
    if (number != null && (number < Integer.MIN_VALUE || number > 0xFFFF_FFFFL)) {
      throw outOfRange(key, "32 bits", number);
    }
    return number;
  }

  long unsigned32OrZero(String key) {
    Long number = unsigned32(key);
    return number == null ? 0 : number;
  }

  long unsigned64OrZero(String key) {
    Value value = take(key);
    return value == null ? 0 : unsigned64(key, value);
  }

  /** Returns the object under {@code key}; an empty one if the key is absent. */
  ObjectFields object(String key) {
    return switch (take(key)) {
      case null -> new ObjectFields(path + key + ".", Map.of());
      case Value.Obj(var fields) -> new ObjectFields(path + key + ".", fields);
      case Value other -> throw wrong(key, "an object", other);
    };
  }

  @Nullable List<Value> array(String key) {
    return switch (take(key)) {
      case null -> null;
      case Value.Array(var values) -> values;
      case Value other -> throw wrong(key, "a list", other);
    };
  }

  @Nullable List<String> strings(String key) {
    List<Value> values = array(key);
    if (values == null) {
      return null;
    }
    var strings = new ArrayList<String>(values.size());
    for (int i = 0; i < values.size(); i++) {
      if (!(values.get(i) instanceof Value.Str(String text))) {
        throw wrong(key + "[" + i + "]", "a string", values.get(i));
      }
      strings.add(text);
    }
    return strings;
  }

  @Nullable List<Long> unsigned64s(String key) {
    List<Value> values = array(key);
    if (values == null) {
      return null;
    }
    var numbers = new ArrayList<Long>(values.size());
    for (int i = 0; i < values.size(); i++) {
      numbers.add(unsigned64(key + "[" + i + "]", values.get(i)));
    }
    return numbers;
  }

  /** Returns one object of the list under {@code key}. */
  ObjectFields element(String key, int index, Value value) {
    String place = key + "[" + index + "]";
    if (value instanceof Value.Obj(var fields)) {
      return new ObjectFields(path + place + ".", fields);
    }
    throw wrong(place, "an object", value);
  }

  BadLineException missing(String key) {
    return new BadLineException("%s%s is missing".formatted(path, key));
  }

  BadLineException wrong(String key, String wanted, Value found) {
    return new BadLineException(
        "%s%s is not %s but %s".formatted(path, key, wanted, describe(found)));
  }

  private BadLineException outOfRange(String key, String bits, long number) {
    return new BadLineException(
        "%s%s does not fit %s: value=%d".formatted(path, key, bits, number));
  }

  private long signed(String key, Value value) {
    OptionalLong number = value instanceof Value.Num num ? num.signed() : OptionalLong.empty();
    return number.orElseThrow(() -> wrong(key, "a signed 64-bit number", value));
  }

  private long unsigned64(String key, Value value) {
    OptionalLong number = value instanceof Value.Num num ? num.unsigned() : OptionalLong.empty();
    return number.orElseThrow(() -> wrong(key, "an unsigned 64-bit number", value));
  }

  private static String describe(Value value) {
    return switch (value) {
      case Value.Null() -> "null";
      case Value.Bool(boolean truth) -> String.valueOf(truth);
      case Value.Num(String text) -> "the number " + Json.shortened(text);
      case Value.Str(String text) -> "the string \"" + Json.shortened(text) + "\"";
      case Value.Array(var values) -> "a list";
      case Value.Obj(var fields) -> "an object";
    };
  }
}

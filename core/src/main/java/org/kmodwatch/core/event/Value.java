package org.kmodwatch.core.event;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A JSON value that keeps what it was given: unsigned 64-bit numbers all their bits, decimals their
 * digits, objects the order of their keys.
 */
public sealed interface Value {

  /** JSON's {@code null}: the producer named the field and said that it has nothing in it. */
  record Null() implements Value {}

  /** A truth value. */
  record Bool(boolean value) implements Value {}

  /**
   * A number, as it was written.
   *
   * @param text the number in JSON's notation, for example {@code 18446744073709551615}
   */
  record Num(String text) implements Value {

    /** Refuses a text that is not a JSON number. */
    public Num {
      if (!isJsonNumber(text)) {
        throw new IllegalArgumentException("not a JSON number: text=" + text);
      }
    }

    /**
     * The 64 bits of this number if it is a whole one from -2^63 to 2^64-1; for those above 2^63-1
     * read them with {@link Long#toUnsignedString(long)}. Empty for anything else.
     */
    public OptionalLong bits() {
      int digits = text.charAt(0) == '-' ? text.length() - 1 : text.length();
      for (int i = text.length() - digits; i < text.length(); i++) {
        if (text.charAt(i) < '0' || text.charAt(i) > '9') {
          return OptionalLong.empty();
        }
      }
      try {
        return OptionalLong.of(
            digits < 19 || text.charAt(0) == '-'
                ? Long.parseLong(text)
                : Long.parseUnsignedLong(text));
      } catch (NumberFormatException outOfRange) {
        return OptionalLong.empty();
      }
    }

    private static boolean isJsonNumber(String text) {
      if (text.isEmpty()
          || text.length() > 1 << 16
          || !text.chars().allMatch(c -> "0123456789+-.eE".indexOf(c) >= 0)) {
        return false;
      }
      if (text.startsWith("+") || text.startsWith(".") || text.endsWith(".")) {
        return false;
      }
      try {
        var ignored = new BigDecimal(text);
        return true;
      } catch (NumberFormatException e) {
        return false;
      }
    }
  }

  /** A string. */
  record Str(String value) implements Value {}

  /** A list. */
  record Array(List<Value> values) implements Value {
    /** Copies the list. */
    public Array {
      values = List.copyOf(values);
    }
  }

  /** An object; iteration is in the order of the keys as written. */
  record Obj(Map<String, Value> fields) implements Value {
    /** Copies the map and keeps its order. */
    public Obj {
      fields = orderedCopy(fields);
    }
  }

  /** JSON's {@code null}. */
  Value NULL = new Null();

  /** The string {@code value}. */
  static Value of(String value) {
    return new Str(value);
  }

  /** The signed number {@code value}. */
  static Value of(long value) {
    return new Num(Long.toString(value));
  }

  /** The number whose 64 bits are {@code value}, read as unsigned. */
  static Value ofUnsigned(long value) {
    return new Num(Long.toUnsignedString(value));
  }

  /** The truth value {@code value}. */
  static Value of(boolean value) {
    return new Bool(value);
  }

  /** The list of the strings {@code values}. */
  static Value ofStrings(List<String> values) {
    var list = new ArrayList<Value>(values.size());
    values.forEach(v -> list.add(of(v)));
    return new Array(list);
  }

  /** An unmodifiable copy of {@code fields} that iterates in the same order. */
  static Map<String, Value> orderedCopy(Map<String, Value> fields) {
    return fields.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }
}

package org.kmodwatch.core.event;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A JSON value that keeps its content exactly: all bits of unsigned 64-bit numbers, the digits of
 * decimals, and the order of an object's keys.
 */
public sealed interface Value {

  /** Stands for JSON's {@code null}: the producer wrote the field without a value. */
  record Null() implements Value {}

  /** Holds a truth value. */
  record Bool(boolean value) implements Value {}

  /**
   * A number, which keeps its notation.
   *
   * @param text the number in JSON's notation, for example {@code 18446744073709551615}
   */
  record Num(String text) implements Value {

    /** Throws {@link IllegalArgumentException} for a text that is not a JSON number. */
    public Num {
      if (!isJsonNumber(text)) {
        throw new IllegalArgumentException("not a JSON number: text=" + text);
      }
    }

    /**
     * Returns the 64 bits of this number if it is a whole number from -2^63 to 2^64-1; empty
     * otherwise. The notation does not matter: {@code 2}, {@code 2.0} and {@code 2e0} are the same
     * number. For numbers above 2^63-1, read the bits with {@link Long#toUnsignedString(long)}.
     */
    public OptionalLong bits() {
      OptionalLong signed = signed();
      return signed.isPresent() ? signed : unsigned();
    }

    /** Returns this number if it is a whole number from -2^63 to 2^63-1; empty otherwise. */
    public OptionalLong signed() {
      // The common case, dozens of times in an event. Times have 19 digits.
      int digits = text.startsWith("-") ? text.length() - 1 : text.length();
      if (digits <= 19 && digits(text, text.length() - digits) == text.length()) {
        try {
          return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException above) {
          return OptionalLong.empty();
        }
      }
      return whole()
          .filter(n -> n.bitLength() <= 63)
          .map(n -> OptionalLong.of(n.longValue()))
          .orElse(OptionalLong.empty());
    }

    /**
     * Returns the bits of this number if it is a whole number from 0 to 2^64-1; empty otherwise.
     */
    public OptionalLong unsigned() {
      if (text.length() <= 18 && digits(text, 0) == text.length()) {
        return OptionalLong.of(Long.parseLong(text));
      }
      return whole()
          .filter(n -> n.signum() >= 0 && n.bitLength() <= 64)
          .map(n -> OptionalLong.of(n.longValue()))
          .orElse(OptionalLong.empty());
    }

    private Optional<BigInteger> whole() {
      // A longer text does not fit 64 bits in any sensible notation. Arithmetic on a hostile number
      // is expensive.
      if (text.length() > 64) {
        return Optional.empty();
      }
      try {
        var number = new BigDecimal(text);
        return number.scale() < -64 || number.scale() > 64
            ? Optional.empty()
            : Optional.of(number.toBigIntegerExact());
      } catch (ArithmeticException | NumberFormatException notWholeOrHugeExponent) {
        return Optional.empty();
      }
    }

    /** Checks JSON's grammar by hand: in linear time, and for numbers of any size. */
    private static boolean isJsonNumber(String text) {
      int at = text.startsWith("-") ? 1 : 0;
      int whole = digits(text, at);
      if (whole == at || (text.charAt(at) == '0' && whole > at + 1)) {
        return false;
      }
      at = whole;
      if (at < text.length() && text.charAt(at) == '.') {
        int fraction = digits(text, at + 1);
        if (fraction == at + 1) {
          return false;
        }
        at = fraction;
      }
      if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
        at++;
        if (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
          at++;
        }
        int exponent = digits(text, at);
        if (exponent == at) {
          return false;
        }
        at = exponent;
      }
      return at == text.length();
    }

    private static int digits(String text, int from) {
      int at = from;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      return at;
    }
  }

  /** Holds a string. */
  record Str(String value) implements Value {}

  /** Holds a list. */
  record Array(List<Value> values) implements Value {
    /** Copies the list. */
    public Array {
      values = List.copyOf(values);
    }
  }

  /** Holds an object, which iterates in the order of the keys as written. */
  record Obj(Map<String, Value> fields) implements Value {
    /** Copies the map and keeps its order. */
    public Obj {
      fields = orderedCopy(fields);
    }
  }

  /** The value that stands for JSON's {@code null}. */
  Value NULL = new Null();

  /** Returns the string {@code value}. */
  static Value of(String value) {
    return new Str(value);
  }

  /** Returns the signed number {@code value}. */
  static Value of(long value) {
    return new Num(Long.toString(value));
  }

  /** Returns the number whose 64 bits are {@code value}, read as unsigned. */
  static Value ofUnsigned(long value) {
    return new Num(Long.toUnsignedString(value));
  }

  /**
   * Returns the object with {@code fields} in their order. It takes ownership of them: no other
   * code may change them.
   */
  static Obj taking(Map<String, Value> fields) {
    return new Obj(fields.isEmpty() ? Map.of() : new OrderedFields(fields));
  }

  /** Returns the truth value {@code value}. */
  static Value of(boolean value) {
    return new Bool(value);
  }

  /** Returns the list of the strings {@code values}. */
  static Value ofStrings(List<String> values) {
    var list = new ArrayList<Value>(values.size());
    for (String value : values) {
      list.add(of(value));
    }
    return new Array(list);
  }

  /** Returns an unmodifiable copy of {@code fields} that iterates in the same order. */
  static Map<String, Value> orderedCopy(Map<String, Value> fields) {
    if (fields instanceof LazyFields || fields instanceof OrderedFields) {
      return fields;
    }
    return fields.isEmpty() ? Map.of() : new OrderedFields(new LinkedHashMap<>(fields));
  }
}

package org.kmodwatch.core.load;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Visits each field of an object. {@link LoadSchema} calls one method for each field, in the order
 * of the keys, and makes an object of the returned values. A visitor that reads returns the values
 * from JSON. Another one returns the given values, or changed ones. The methods here return each
 * value unchanged, and visit its inner objects.
 *
 * <p>Each method takes the field's key, a description, and its value. A value that is not known is
 * null, and absent in JSON.
 */
public interface FieldVisitor {

  /** Visits a text that is identical in every object. */
  default void constant(String key, String description, String value) {
    // A constant has no value to return.
  }

  /** Visits a text. */
  default @Nullable String text(String key, String description, @Nullable String value) {
    return value;
  }

  /** Visits a list of texts. An absent list is known to be empty. */
  default List<String> texts(String key, String description, List<String> values) {
    return values;
  }

  /** Visits a signed 64-bit number. */
  default @Nullable Long number(String key, String description, @Nullable Long value) {
    return value;
  }

  /** Visits an unsigned 64-bit number. */
  default @Nullable Long unsigned(String key, String description, @Nullable Long value) {
    return value;
  }

  /** Visits a signed 32-bit number. */
  default @Nullable Integer int32(String key, String description, @Nullable Integer value) {
    return value;
  }

  /** Visits signed 64-bit numbers by name. */
  default Map<String, Long> numbers(String key, String description, Map<String, Long> values) {
    return values;
  }

  /** Visits a time, in nanoseconds since the epoch. */
  default @Nullable Long time(String key, String description, @Nullable Long nanos) {
    return nanos;
  }

  /** Visits a flag whose value may be unknown. */
  default @Nullable Boolean truth(String key, String description, @Nullable Boolean value) {
    return value;
  }

  /** Visits a flag that is always known. An absent flag is false. */
  default boolean flag(String key, String description, boolean value) {
    return value;
  }

  /**
   * Visits a word from a list of words.
   *
   * @param unknown the constant that has no word in JSON
   */
  default <E extends Enum<E>> E word(String key, String description, E value, E unknown) {
    return value;
  }

  /** Visits a word that may be absent. An absent word is {@code unknown}, without a gap. */
  default <E extends Enum<E>> E optionalWord(String key, String description, E value, E unknown) {
    return word(key, description, value, unknown);
  }

  /** Visits an object, which is absent if nothing in it is known. */
  default <R> R object(String key, String description, R value, Fields<R> fields) {
    return fields.visit(this, value);
  }

  /** Visits an object whose flags and lists are known even if it is absent. */
  default <R> R knownObject(String key, String description, R value, Fields<R> fields) {
    return object(key, description, value, fields);
  }

  /**
   * Visits an object that may be absent.
   *
   * @param blank an object in which no value is known
   */
  default <R> @Nullable R optionalObject(
      String key, String description, @Nullable R value, R blank, Fields<R> fields) {
    return value == null ? null : object(key, description, value, fields);
  }

  /** Visits a list of objects. */
  default <R> List<R> objects(
      String key, String description, List<R> values, R blank, Fields<R> fields) {
    return values.stream().map(each -> fields.visit(this, each)).toList();
  }

  /** Checks that a field has a value. */
  default <T> T required(String key, @Nullable T value) {
    return Objects.requireNonNull(value, key);
  }

  /**
   * Visits the fields of an object.
   *
   * @param <R> the object's record
   */
  @FunctionalInterface
  interface Fields<R> {
    /**
     * Calls {@code visitor} for each field of {@code value}, and makes an object of the results.
     */
    R visit(FieldVisitor visitor, R value);
  }
}

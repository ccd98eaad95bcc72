package org.kmodwatch.agent.config;

import org.jspecify.annotations.Nullable;

/**
 * One key of a group.
 *
 * @param name the name in lower case, with dashes
 * @param shape the shape of its value
 * @param required whether it must be present
 * @param standard the default value, as it would be written; null for no default
 * @param example a possible value, as it would be written; null if the default value is an example
 * @param says its purpose, a sentence for editors, the example and the documentation
 */
public record Key(
    String name,
    Shape shape,
    boolean required,
    @Nullable String standard,
    @Nullable String example,
    String says) {

  /** Returns a key that may be absent, without a default value. */
  public static Key optional(String name, Shape shape, String says) {
    return new Key(name, shape, false, null, null, says);
  }

  /** Returns a key that may be absent, with a default value. */
  public static Key optional(String name, Shape shape, String standard, String says) {
    return new Key(name, shape, false, standard, null, says);
  }

  /** Returns a key that must be present. */
  public static Key required(String name, Shape shape, String says) {
    return new Key(name, shape, true, null, null, says);
  }

  /** Returns this key with an example. */
  public Key like(String newExample) {
    return new Key(name, shape, required, standard, newExample, says);
  }
}

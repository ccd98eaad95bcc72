package org.kmodwatch.agent.config;

import org.jspecify.annotations.Nullable;

/**
 * One key of a group.
 *
 * @param name lower case, with dashes
 * @param shape what may stand there
 * @param required whether it has to be there
 * @param standard what holds if it is not there, as it would be written; null for nothing
 * @param example a value that it could have, as it would be written; null where the standard value
 *     is one
 * @param says what it is for, a sentence for editors, the example and the documentation
 */
public record Key(
    String name,
    Shape shape,
    boolean required,
    @Nullable String standard,
    @Nullable String example,
    String says) {

  /** A key that may be left out, and then means nothing. */
  public static Key optional(String name, Shape shape, String says) {
    return new Key(name, shape, false, null, null, says);
  }

  /** A key that may be left out, and then has a value all the same. */
  public static Key optional(String name, Shape shape, String standard, String says) {
    return new Key(name, shape, false, standard, null, says);
  }

  /** A key that has to be there. */
  public static Key required(String name, Shape shape, String says) {
    return new Key(name, shape, true, null, null, says);
  }

  /** The same with an example. */
  public Key like(String newExample) {
    return new Key(name, shape, required, standard, newExample, says);
  }
}

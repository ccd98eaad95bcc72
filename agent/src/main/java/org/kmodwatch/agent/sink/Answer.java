package org.kmodwatch.agent.sink;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What became of one request. */
sealed interface Answer {

  /** The receiver has all of it. */
  record Taken() implements Answer {}

  /**
   * The receiver says that the content is wrong, and would say so again.
   *
   * @param why in the receiver's words, such as {@code status=413}
   */
  record Refused(String why) implements Answer {}

  /**
   * It did not get through; it may another time.
   *
   * @param why for a person
   * @param retryAfter how long the receiver wants to be left alone; null if it did not say
   */
  record Later(String why, @Nullable Duration retryAfter) implements Answer {}
}

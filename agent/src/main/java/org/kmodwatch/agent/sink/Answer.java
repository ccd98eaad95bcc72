package org.kmodwatch.agent.sink;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An answer is the result of one request. */
sealed interface Answer {

  /** The receiver accepted all items. */
  record Taken() implements Answer {}

  /**
   * The receiver rejected the content, and would reject it again.
   *
   * @param why the reason in the receiver's words, such as {@code status=413}
   */
  record Refused(String why) implements Answer {}

  /**
   * The request failed; a retry may succeed.
   *
   * @param why the reason, for a person
   * @param retryAfter the delay that the receiver asked for; null if it asked for none
   */
  record Later(String why, @Nullable Duration retryAfter) implements Answer {}
}

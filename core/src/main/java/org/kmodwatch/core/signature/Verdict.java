package org.kmodwatch.core.signature;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/** Receives a signature's results on the event that it is judging. */
public interface Verdict {

  /**
   * Raises a finding on the event.
   *
   * @param data the signature's additional data; null without any
   */
  void raise(@Nullable Value data);

  /**
   * Reports that the event cannot be judged because its producer wrote something invalid. The
   * engine counts and reports it. It is not a finding.
   *
   * @param reason the error, in words for a person, for example {@code argument type is missing}
   */
  void malformed(String reason);
}

package org.kmodwatch.core.signature;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/** Takes what a signature has to say about the event it was just given. */
public interface Verdict {

  /**
   * Raises a finding on the event.
   *
   * @param data what the signature adds to it, null for nothing
   */
  void raise(@Nullable Value data);

  /**
   * Says that the event could not be judged because its producer wrote something that cannot be
   * right. It is counted and reported; it is no finding.
   *
   * @param reason what is wrong, for a person, for example {@code argument type is missing}
   */
  void malformed(String reason);
}

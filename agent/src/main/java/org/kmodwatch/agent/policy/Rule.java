package org.kmodwatch.agent.policy;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;

/**
 * One rule.
 *
 * @param name unique in its policy
 * @param owner who answers for it
 * @param reason why it is there
 * @param expires from when on it no longer speaks; null for never
 * @param condition what must hold, in CEL, as it was written
 * @param verdict what it says then
 */
public record Rule(
    String name,
    String owner,
    String reason,
    @Nullable Instant expires,
    String condition,
    Verdict verdict) {

  boolean isExpired(Instant now) {
    return expires != null && !now.isBefore(expires);
  }
}

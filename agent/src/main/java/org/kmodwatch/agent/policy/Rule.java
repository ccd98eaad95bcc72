package org.kmodwatch.agent.policy;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;

/**
 * One rule of a policy.
 *
 * @param name the name, unique in its policy
 * @param owner the person who answers for it
 * @param reason the reason for it
 * @param expires when it stops to apply; null for never
 * @param condition the condition, in CEL, as it was written
 * @param verdict the verdict if the condition holds
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

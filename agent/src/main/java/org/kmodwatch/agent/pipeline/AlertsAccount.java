package org.kmodwatch.agent.pipeline;

import java.util.LinkedHashMap;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.core.event.Value;

/**
 * Holds the counts of alerts.
 *
 * @param raised loads and findings that raise an alert
 * @param emitted alerts sent for them, including summaries of repeats
 * @param policy the counts of the policy's rules
 */
public record AlertsAccount(long raised, long emitted, Policy.Account policy) {

  /** Returns the counts so far. */
  public static AlertsAccount of(Reporter reporter, Pipeline pipeline) {
    return new AlertsAccount(reporter.raised(), reporter.sent(), pipeline.policyAccount());
  }

  /** Returns the counts as the ledger holds them. */
  public Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("raised", Value.of(raised));
    json.put("told", Value.of(emitted));
    json.put("policy", policy.toJson());
    return new Value.Obj(json);
  }
}

package org.kmodwatch.agent.pipeline;

import java.util.LinkedHashMap;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.core.event.Value;

/**
 * The counts of alerts.
 *
 * @param raised loads and findings that need a look
 * @param told the alerts that were sent for them, with summaries of repeats
 * @param policy the counts of the policy's rules
 */
public record AlertsAccount(long raised, long told, Policy.Account policy) {

  /** Returns the counts so far. */
  public static AlertsAccount of(Reporter reporter, Pipeline pipeline) {
    return new AlertsAccount(reporter.raised(), reporter.sent(), pipeline.policyAccount());
  }

  /** What the ledger says. */
  public Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("raised", Value.of(raised));
    json.put("told", Value.of(told));
    json.put("policy", policy.toJson());
    return new Value.Obj(json);
  }
}

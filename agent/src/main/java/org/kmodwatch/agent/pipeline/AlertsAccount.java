package org.kmodwatch.agent.pipeline;

import java.util.LinkedHashMap;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.core.event.Value;

/**
 * What was to be looked at, at one moment.
 *
 * @param raised loads and findings that were to be looked at
 * @param told the alerts that this came to, summaries among them
 * @param policy what the rules came to
 */
public record AlertsAccount(long raised, long told, Policy.Account policy) {

  /** What the ledger says. */
  public Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("raised", Value.of(raised));
    json.put("told", Value.of(told));
    json.put("policy", policy.toJson());
    return new Value.Obj(json);
  }
}

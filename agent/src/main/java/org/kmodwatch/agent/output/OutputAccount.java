package org.kmodwatch.agent.output;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/**
 * An output's account at one moment, in lines: taken = written + lost + pending.
 *
 * @param name the name of the output
 * @param taken lines that were given to it
 * @param written lines that it accepted
 * @param lost lost lines by reason
 * @param pending lines that wait in memory
 * @param failingSince the time since which it accepts nothing although lines wait; null if it works
 */
public record OutputAccount(
    String name,
    long taken,
    long written,
    Map<OutputLoss, Long> lost,
    long pending,
    @Nullable Instant failingSince) {

  /** Creates an account with a copy of the map. */
  public OutputAccount {
    var copy = new EnumMap<OutputLoss, Long>(OutputLoss.class);
    copy.putAll(lost);
    lost = Collections.unmodifiableMap(copy);
  }

  /** Returns the number of all lost lines. */
  public long lostInAll() {
    return lost.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns the account as the ledger shows it. */
  public Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("name", Value.of(name));
    json.put("taken", Value.of(taken));
    json.put("written", Value.of(written));
    json.put("lost", Value.of(lostInAll()));
    var byReason = new LinkedHashMap<String, Value>();
    for (OutputLoss reason : OutputLoss.values()) {
      byReason.put(reason.word(), Value.of(lost.getOrDefault(reason, 0L)));
    }
    json.put("lostByReason", new Value.Obj(byReason));
    json.put("pending", Value.of(pending));
    if (failingSince != null) {
      json.put("failingSince", Value.of(failingSince.toString()));
    }
    return new Value.Obj(json);
  }
}

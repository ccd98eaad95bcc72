package org.kmodwatch.agent.pipeline;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerStatistics;

/**
 * Holds the counts of the loads. The sums hold:
 *
 * <ul>
 *   <li>attempts = records of all outcomes - corrected + open + held
 *   <li>suppressed attempts = {@code summarised}, reported by {@code summaries} records
 *   <li>requests = refused + withAttempt + withoutLoad + pending
 *   <li>events = the sum of the events by result
 * </ul>
 *
 * @param tracker the tracker's counts
 * @param preExisting loads from before the sensor was armed, which are not attempts
 * @param notLookedFor modules not looked for in the kernel's lists, because too many came at once
 */
public record LoadsAccount(LoadTrackerStatistics tracker, long preExisting, long notLookedFor) {

  /** Returns the counts as the ledger holds them. */
  public Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("attempts", Value.of(tracker.attempts()));
    json.put("records", recordsJson());
    json.put("corrected", Value.of(tracker.corrected()));
    json.put("open", Value.of(tracker.open()));
    json.put("held", Value.of(tracker.held()));
    json.put("evicted", Value.of(tracker.evicted()));
    json.put("forgotten", Value.of(tracker.forgotten()));
    json.put("summaries", Value.of(tracker.summaries()));
    json.put("summarised", Value.of(tracker.summarised()));
    json.put("preExisting", Value.of(preExisting));
    json.put("notLookedFor", Value.of(notLookedFor));
    json.put("requests", requestsJson());
    json.put("events", eventsJson());
    return new Value.Obj(json);
  }

  private Value recordsJson() {
    var json = new LinkedHashMap<String, Value>();
    Map<LoadRecord.Outcome, Long> records = tracker.records();
    for (LoadRecord.Outcome outcome : LoadRecord.Outcome.values()) {
      json.put(
          outcome.name().toLowerCase(Locale.ROOT), Value.of(records.getOrDefault(outcome, 0L)));
    }
    return new Value.Obj(json);
  }

  private Value requestsJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("seen", Value.of(tracker.requests()));
    json.put("refused", Value.of(tracker.requestsRefused()));
    json.put("withAttempt", Value.of(tracker.requestsWithAttempt()));
    json.put("withoutLoad", Value.of(tracker.requestsWithoutLoad()));
    json.put("pending", Value.of(tracker.requestsPending()));
    json.put("records", Value.of(tracker.requestRecords()));
    json.put("summarised", Value.of(tracker.requestsSummarised()));
    return new Value.Obj(json);
  }

  private Value eventsJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("seen", Value.of(tracker.events()));
    json.put("joined", Value.of(tracker.joined()));
    json.put("requests", Value.of(tracker.requestEvents()));
    json.put("lateReturns", Value.of(tracker.lateReturns()));
    json.put("late", Value.of(tracker.lateEvents()));
    json.put("duplicates", Value.of(tracker.duplicates()));
    json.put("outsideCalls", Value.of(tracker.outsideCalls()));
    json.put("unrelated", Value.of(tracker.unrelated()));
    return new Value.Obj(json);
  }
}

package org.kmodwatch.agent.pipeline;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.shell.Complaints;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.load.LoadTrackerStatistics;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Processes the events of a command. The engine judges each event, and the load tracker joins
 * events into records. Engine and policy judge each record. Every step returns its results in
 * order. One thread at a time.
 */
public final class Pipeline {

  /**
   * The largest number of event names that are counted separately. A recording may contain invented
   * names.
   */
  private static final int MAX_NAMES = 256;

  /** The longest event name that is counted separately. No real name is longer. */
  private static final int MAX_NAME_LENGTH = 128;

  private static final String NOT_JUDGED = "a fault of Kmodwatch: ";

  private static final String OTHER_NAMES = "(other)";

  private final Engine engine;
  private final LoadTracker tracker;
  private final FirstRecords firstRecords = new FirstRecords();
  private final Complaints malformed;
  private final Complaints failures;
  private Policy policy;
  private @Nullable Event inHand;
  private long wallNanos;
  private final List<Finding> raised = new ArrayList<>();
  private final Deque<Joined> joined = new ArrayDeque<>();
  private final Map<String, Long> eventsByName = new TreeMap<>();
  private long events;
  private long loads;
  private long preExisting;

  /**
   * Starts the engine.
   *
   * @param options the options of the load tracker
   * @param policy the operator's rules for loads
   */
  public Pipeline(
      List<Signature> signatures, Shell shell, LoadTrackerOptions options, Policy policy) {
    this.malformed = new Complaints(shell, "malformed events");
    this.failures = new Complaints(shell, "failures of signatures");
    this.engine = Engine.start(signatures, new Listener());
    this.tracker =
        new LoadTracker(options, (record, basis) -> joined.addLast(new Joined(record, basis)));
    this.policy = policy;
  }

  /** A record of the tracker that has not been judged yet, and the event that it is based on. */
  private record Joined(LoadRecord record, Event basis) {}

  /**
   * Returns the event at which a JVM error ended the last call; null if no error ended it. For a
   * record it is the event that the record was based on.
   */
  public @Nullable Event inHand() {
    return inHand;
  }

  /** Processes one event. Returns it with its findings, and the records that it completes. */
  public List<Judged> accept(Event event) {
    events++;
    inHand = event;
    var results = new ArrayList<Judged>();
    List<Finding> findings = List.of();
    try {
      findings = judge(event);
    } catch (RuntimeException | Error e) {
      results.add(Judged.Failed.of(event, e));
    }
    results.add(new Judged.OfEvent(event, findings));
    try {
      tracker.accept(event, idsOf(findings));
    } catch (RuntimeException | Error e) {
      results.add(Judged.Failed.of(event, e));
    }
    inHand = null;
    judgeRecords(results);
    return results;
  }

  /**
   * Advances the tracker's clock. Returns the records that are complete by then.
   *
   * @param nowNanos the time for all timers, on the scale of {@link
   *     org.kmodwatch.core.event.SensorContexts#steadyNanos}
   * @param wallNanos the wall clock for the dates in a policy, in nanoseconds since the epoch
   */
  public List<Judged> tick(long nowNanos, long wallNanos) {
    return tick(nowNanos, 0, wallNanos);
  }

  /**
   * Advances the tracker's clock for events of several hosts.
   *
   * @param nowNanos the time, on a scale that all hosts share
   * @param aheadNanos how far the clock of the next events' host is ahead of that scale
   * @param wallNanos that host's wall clock
   */
  public List<Judged> tick(long nowNanos, long aheadNanos, long wallNanos) {
    this.wallNanos = wallNanos;
    if (!policy.isEmpty()) {
      policy.tellExpired(now());
    }
    var results = new ArrayList<Judged>();
    try {
      tracker.tick(nowNanos, aheadNanos);
    } catch (RuntimeException | Error e) {
      results.add(Judged.Failed.of(null, e));
    }
    judgeRecords(results);
    return results;
  }

  /** Counts a load from before the sensor was armed. Signatures do not judge it. */
  public void countPreExisting() {
    preExisting++;
  }

  /**
   * Returns the engine's counts. They include the loads, which the engine also processes as events.
   */
  public EngineStatistics statistics() {
    return engine.statistics();
  }

  public Map<String, Long> eventsByName() {
    return Map.copyOf(eventsByName);
  }

  /** Returns whether no attempt is likely to need another event for its last record. */
  public boolean isQuiescent() {
    LoadTrackerStatistics account = tracker.statistics();
    return account.open() == 0 && account.held() == 0 && !tracker.awaitsReturns();
  }

  /** Returns the number of processed events. */
  public long events() {
    return events;
  }

  /** Returns the number of loads and unloads that were joined from the events. */
  public long loads() {
    return loads;
  }

  public long findings() {
    return statistics().signatures().stream()
        .mapToLong(EngineStatistics.OfSignature::findings)
        .sum();
  }

  public long malformed() {
    return malformed.count();
  }

  public LoadsAccount loadsAccount(long notLookedFor) {
    return new LoadsAccount(tracker.statistics(), preExisting, notLookedFor);
  }

  /** Completes all open loads, and returns their records. */
  public List<Judged> finish() {
    tracker.finish();
    return leave();
  }

  /** Returns the records that can be made without further events. Open loads get no record. */
  public List<Judged> leave() {
    tracker.leave();
    var results = new ArrayList<Judged>();
    judgeRecords(results);
    return results;
  }

  /** Stops the engine, and reports the number of complaints that were not shown. */
  public void close() {
    engine.close();
    malformed.finish();
    failures.finish();
  }

  private void judgeRecords(List<Judged> results) {
    Joined next;
    while ((next = joined.pollFirst()) != null) {
      loads += next.record().replacesAnother() ? 0 : 1;
      inHand = next.basis();
      try {
        results.add(judgeRecord(next, results));
      } catch (RuntimeException | Error e) {
        results.add(Judged.Failed.of(next.basis(), e));
      }
      inHand = null;
    }
  }

  /** Judges a record by signatures and policy. A failed step leaves a gap in the record. */
  private Judged judgeRecord(Joined next, List<Judged> results) {
    Event basis = next.basis();
    LoadRecord record = next.record();
    FirstRecords.@Nullable First first = firstRecords.of(record);
    var found = new ArrayList<Finding>();
    try {
      found.addAll(judge(LoadRecords.toEvent(record, basis)));
      record = withMore(record, idsOf(found));
      record = first == null ? record : withMore(record, first.findings());
    } catch (RuntimeException | Error e) {
      results.add(Judged.Failed.of(basis, e));
      record = record.withGap(new LoadRecord.Gap("findings", NOT_JUDGED + e));
    }
    try {
      record = policy.apply(record, now());
    } catch (RuntimeException | Error e) {
      results.add(Judged.Failed.of(basis, e));
      record = record.withGap(new LoadRecord.Gap("policy", NOT_JUDGED + e));
    }
    boolean news = first == null || first.isNewsIn(record);
    if (first != null) {
      found.removeIf(finding -> first.findings().contains(finding.metadata().id()));
    }
    return new Judged.OfRecord(record, basis, found, firstRecords.add(record), news);
  }

  private Instant now() {
    return Instant.ofEpochSecond(0, wallNanos);
  }

  /** Switches to another policy from the next load on. Equal rules keep their counts. */
  public void change(Policy newPolicy) {
    newPolicy.carryOver(policy);
    policy = newPolicy;
  }

  public List<String> rulesNeverHit() {
    return policy.neverHit();
  }

  Policy.Account policyAccount() {
    return policy.account();
  }

  private static LoadRecord withMore(LoadRecord record, List<String> findings) {
    if (findings.isEmpty()) {
      return record;
    }
    var all = new LinkedHashSet<>(record.findings());
    all.addAll(findings);
    return record.withFindings(List.copyOf(all));
  }

  /** Returns the findings of the signatures on {@code event}. */
  private List<Finding> judge(Event event) {
    String name = event.eventName();
    eventsByName.merge(
        name.length() <= MAX_NAME_LENGTH
                && (eventsByName.containsKey(name) || eventsByName.size() < MAX_NAMES)
            ? name
            : OTHER_NAMES,
        1L,
        Long::sum);
    raised.clear();
    engine.process(event);
    return raised.isEmpty() ? List.of() : List.copyOf(raised);
  }

  private static List<String> idsOf(List<Finding> findings) {
    if (findings.size() <= 1) {
      return findings.isEmpty() ? List.of() : List.of(findings.getFirst().metadata().id());
    }
    return findings.stream().map(finding -> finding.metadata().id()).distinct().toList();
  }

  private final class Listener implements EngineListener {
    @Override
    public void onFinding(Finding finding) {
      raised.add(finding);
    }

    @Override
    public void onMalformed(SignatureMetadata signature, Event event, String reason) {
      malformed.add(
          "malformed: %s cannot judge %s of %s[%d]: %s"
              .formatted(
                  signature.id(),
                  event.eventName(),
                  event.process().processName(),
                  event.process().hostProcessId(),
                  reason));
    }

    @Override
    public void onFailure(SignatureMetadata signature, Phase phase, Throwable failure) {
      failures.add(
          "kmodwatch: signature %s failed in %s: %s".formatted(signature.id(), phase, failure));
    }
  }
}

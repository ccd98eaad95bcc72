package org.kmodwatch.agent.pipeline;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.alert.Alerts;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.shell.Complaints;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadListener;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.load.LoadTrackerStatistics;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * The way of an event through a command: engine, load tracker, outputs; and of the load records
 * that come out of the tracker: engine, outputs. One thread at a time.
 */
public final class Pipeline {

  /** Past this many different event names the rest are counted together; a recording may lie. */
  private static final int MAX_NAMES = 256;

  /** And past this length, which no name of an event has. */
  private static final int MAX_NAME_LENGTH = 128;

  private static final String NOT_JUDGED = "a fault of Kmodwatch: ";

  private static final String OTHER_NAMES = "(other)";

  private final Engine engine;
  private final LoadTracker tracker;
  private final FirstRecords firstRecords = new FirstRecords();
  private final LoadListener observer;
  private final BeforeLoad beforeLoad;
  private final List<Output> outputs;
  private final Complaints malformed;
  private final Complaints failures;
  private final Alerts alerts;
  private final Deque<Alert> alerted = new ArrayDeque<>();
  private Policy policy;
  private boolean alerting = true;
  private FaultHandler faults = FaultHandler.END;
  private @Nullable Event inHand;
  private long wallNanos;
  private final List<Finding> raised = new ArrayList<>();
  private final Deque<Joined> joined = new ArrayDeque<>();
  private final Map<String, Long> eventsByName = new TreeMap<>();
  private long events;
  private long loads;
  private long preExisting;

  /**
   * Makes one.
   *
   * @param options what the tracker is to know
   * @param policy what the operator says of loads
   * @param repeatWindow how long the same alert is counted rather than told
   * @param beforeLoad is shown each load before it is written
   * @param observer is told of each load once it is written
   */
  public Pipeline(
      List<Signature> signatures,
      List<Output> outputs,
      Shell shell,
      LoadTrackerOptions options,
      Policy policy,
      Duration repeatWindow,
      BeforeLoad beforeLoad,
      LoadListener observer) {
    this.outputs = List.copyOf(outputs);
    this.malformed = new Complaints(shell, "malformed events");
    this.failures = new Complaints(shell, "failures of signatures");
    this.engine = Engine.start(signatures, new Listener());
    this.tracker =
        new LoadTracker(options, (record, basis) -> joined.addLast(new Joined(record, basis)));
    this.policy = policy;
    this.alerts = new Alerts(repeatWindow, Catalogue.of(signatures)::of, alerted::addLast);
    this.observer = observer;
    this.beforeLoad = beforeLoad;
  }

  /** What is done with a load before it is written. */
  public interface BeforeLoad {

    /** Keeps records as they are. */
    BeforeLoad NOTHING = (load, basis) -> load;

    /**
     * Takes notice of {@code load}.
     *
     * @param basis the event that it rests on
     * @return what is to be written; null if it was, by another process before this one
     */
    @Nullable LoadRecord apply(LoadRecord load, Event basis) throws IOException;
  }

  /** What becomes of a fault of ours, or of an output or signature, at one event. */
  public interface FaultHandler {

    /** Lets it end all. */
    FaultHandler END =
        (event, fault) -> {
          switch (fault) {
            case RuntimeException exception -> throw exception;
            case Error error -> throw error;
            default -> throw new IllegalStateException("nothing throws a checked one", fault);
          }
        };

    /**
     * Throws {@code fault}, or lets all go on without the step that failed.
     *
     * @param event at which it came, or the one that a record rests on; null if that is not known
     */
    void failed(@Nullable Event event, Throwable fault);
  }

  /** A record that came out of the tracker and has not been judged yet. */
  private record Joined(LoadRecord record, Event basis) {}

  /** From now on no alerts are made, for nobody who would hear of them: they hold records. */
  public void withoutAlerts() {
    alerting = false;
  }

  /** From now on {@code handler} says what becomes of faults. */
  public void handleFaultsBy(FaultHandler handler) {
    faults = handler;
  }

  /** The event that is being handled, or the one that a record rests on that is; null if none. */
  public @Nullable Event inHand() {
    return inHand;
  }

  /**
   * Takes one event.
   *
   * @throws IOException if an output fails
   */
  public void accept(Event event) throws IOException {
    events++;
    inHand = event;
    List<String> findings = List.of();
    try {
      List<Finding> found = judge(event);
      tellFindings(found);
      findings = idsOf(found);
    } catch (RuntimeException | Error e) {
      faults.failed(event, e);
    }
    tell(output -> output.event(event));
    try {
      tracker.accept(event, findings);
    } catch (RuntimeException | Error e) {
      faults.failed(event, e);
    }
    inHand = null;
    handOn();
  }

  /**
   * Lets the tracker know the time, so that what has waited long enough is complete.
   *
   * @param nowNanos what everything waits by, on the scale of {@link
   *     org.kmodwatch.core.event.SensorContexts#steadyNanos}
   * @param wallNanos what the set clock shows, nanoseconds since the epoch: what a policy's dates
   *     mean
   * @throws IOException if an output fails
   */
  public void tick(long nowNanos, long wallNanos) throws IOException {
    tick(nowNanos, 0, wallNanos);
  }

  /**
   * The same over events of several hosts.
   *
   * @param nowNanos the time, on a scale that all hosts share
   * @param aheadNanos by how much the clock of the host whose events come next is ahead of that
   * @param wallNanos that host's clock
   */
  public void tick(long nowNanos, long aheadNanos, long wallNanos) throws IOException {
    this.wallNanos = wallNanos;
    alerts.tick(nowNanos);
    if (!policy.isEmpty()) {
      policy.tellExpired(now());
    }
    try {
      tracker.tick(nowNanos, aheadNanos);
    } catch (RuntimeException | Error e) {
      faults.failed(null, e);
    }
    handOn();
    tellAlerts();
  }

  /**
   * Takes a load from before the sensor was armed: written down, but nothing that is happening, so
   * no signature is to judge it.
   *
   * @throws IOException if an output fails
   */
  public void acceptPreExisting(LoadRecord record) throws IOException {
    preExisting++;
    tell(output -> output.load(record));
  }

  /**
   * Makes what was taken so far visible.
   *
   * @throws IOException if an output fails
   */
  public void flush() throws IOException {
    for (Output output : outputs) {
      output.flush();
    }
  }

  /** The engine's account: of the events taken, and of the loads, which are events to it too. */
  public EngineStatistics statistics() {
    return engine.statistics();
  }

  public Map<String, Long> eventsByName() {
    return Map.copyOf(eventsByName);
  }

  /**
   * Whether every attempt that was begun has its last record, as far as that is likely to come:
   * nothing waits for another event.
   */
  public boolean isQuiescent() {
    LoadTrackerStatistics account = tracker.statistics();
    return account.open() == 0
        && account.held() == 0
        && joined.isEmpty()
        && !tracker.awaitsReturns();
  }

  /** How many events were taken. */
  public long events() {
    return events;
  }

  /** How many loads and unloads were joined from them. */
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

  /**
   * Completes the loads that are not complete, closes the engine, and says how much was not shown.
   *
   * @throws IOException if an output fails
   */
  public void finish() throws IOException {
    tracker.finish();
    handOn();
    leave();
  }

  /**
   * As {@link #finish}, but loads that are not complete are left as they are.
   *
   * @throws IOException if an output fails
   */
  public void leave() throws IOException {
    tracker.leave();
    handOn();
    alerts.finish();
    tellAlerts();
    flush();
    engine.close();
    malformed.finish();
    failures.finish();
  }

  private void handOn() throws IOException {
    Joined next;
    while ((next = joined.pollFirst()) != null) {
      loads += next.record().replacesAnother() ? 0 : 1;
      inHand = next.basis();
      try {
        handOn(next);
      } catch (RuntimeException | Error e) {
        faults.failed(next.basis(), e);
      }
      inHand = null;
    }
  }

  private void handOn(Joined joinedOne) throws IOException {
    Event basis = joinedOne.basis();
    FirstRecords.@Nullable First first = firstRecords.of(joinedOne.record());
    var found = new ArrayList<Finding>();
    LoadRecord judged = judged(joinedOne.record(), basis, first, found);
    LoadRecord toldOne = beforeLoad.apply(judged, basis);
    LoadRecord record = toldOne == null ? judged : toldOne;
    int turn = firstRecords.told(record);
    if (toldOne != null) {
      if (first != null) {
        found.removeIf(finding -> first.findings().contains(finding.metadata().id()));
      }
      tellFindings(found);
      tell(output -> output.load(record));
      if (alerting && (first == null || first.isNewsIn(record))) {
        alerts.load(record, turn);
      }
      tellAlerts();
    }
    observer.onLoad(record, basis);
  }

  /**
   * With what signatures and policy say of it, or the gap of what could not.
   *
   * @param first what was told of the same load before; null if nothing was
   * @param found takes the findings that were raised on it
   */
  private LoadRecord judged(
      LoadRecord joinedOne, Event basis, FirstRecords.@Nullable First first, List<Finding> found) {
    LoadRecord record = joinedOne;
    try {
      found.addAll(judge(LoadRecords.toEvent(record, basis)));
      record = withMore(record, idsOf(found));
      record = first == null ? record : withMore(record, first.findings());
    } catch (RuntimeException | Error e) {
      faults.failed(basis, e);
      record = record.withGap(new LoadRecord.Gap("findings", NOT_JUDGED + e));
    }
    try {
      return policy.apply(record, now());
    } catch (RuntimeException | Error e) {
      faults.failed(basis, e);
      return record.withGap(new LoadRecord.Gap("policy", NOT_JUDGED + e));
    }
  }

  private void tellAlerts() throws IOException {
    Alert next;
    while ((next = alerted.pollFirst()) != null) {
      Alert alert = next;
      tell(output -> output.alert(alert));
    }
  }

  /** What an output does with something. */
  private interface Telling {
    void to(Output output) throws IOException;
  }

  /** One output that fails does not cost the next its turn. */
  private void tell(Telling telling) throws IOException {
    for (Output output : outputs) {
      try {
        telling.to(output);
      } catch (RuntimeException | Error e) {
        faults.failed(inHand, e);
      }
    }
  }

  private Instant now() {
    return Instant.ofEpochSecond(0, wallNanos);
  }

  /** From the next load on, this is what counts; what the rules counted goes on. */
  public void change(Policy newPolicy, Duration repeatWindow) {
    newPolicy.carryOver(policy);
    policy = newPolicy;
    alerts.changeWindow(repeatWindow);
  }

  public List<String> rulesNeverHit() {
    return policy.neverHit();
  }

  public AlertsAccount alertsAccount() {
    return new AlertsAccount(alerts.raised(), alerts.told(), policy.account());
  }

  private static LoadRecord withMore(LoadRecord record, List<String> findings) {
    if (findings.isEmpty()) {
      return record;
    }
    var all = new LinkedHashSet<>(record.findings());
    all.addAll(findings);
    return record.withFindings(List.copyOf(all));
  }

  /** Hands {@code event} to the engine; its findings. */
  private List<Finding> judge(Event event) {
    String name = event.eventName();
    eventsByName.merge(
        name.length() <= MAX_NAME_LENGTH
                && (eventsByName.containsKey(name) || eventsByName.size() < MAX_NAMES)
            ? name
            : OTHER_NAMES,
        1L,
        Long::sum);
    // The findings are written after the engine is done: it takes what its listener throws for a
    // failure of the signature.
    raised.clear();
    engine.process(event);
    return raised.isEmpty() ? List.of() : List.copyOf(raised);
  }

  private void tellFindings(List<Finding> findings) throws IOException {
    for (Finding finding : findings) {
      tell(output -> output.finding(finding));
    }
    if (alerting) {
      findings.forEach(alerts::finding);
    }
    tellAlerts();
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

package org.kmodwatch.agent.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.clock.SteadyClock;
import org.kmodwatch.agent.container.ContainerEnrichment;
import org.kmodwatch.agent.doctor.Machine;
import org.kmodwatch.agent.host.HiddenModules;
import org.kmodwatch.agent.host.HostFacts;
import org.kmodwatch.agent.identity.FilePlaces;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.pipeline.AlertsAccount;
import org.kmodwatch.agent.pipeline.Judged;
import org.kmodwatch.agent.pipeline.Pipeline;
import org.kmodwatch.agent.pipeline.Reporter;
import org.kmodwatch.agent.settings.WatchSettings;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.state.FatalAttempts;
import org.kmodwatch.agent.state.KnownModules;
import org.kmodwatch.agent.state.ReportJournal;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorOptions;
import org.kmodwatch.sensor.SensorStart;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * One run of {@code watch}. It arms the sensor, emits its events until it is stopped, drains the
 * sensor and closes the account. It runs on one thread. Any thread may call {@link #stop}.
 */
public final class WatchRun {

  /**
   * The largest number of events read at the start before the modules loaded earlier are recorded.
   */
  private static final int MAX_FIRST_EVENTS = 4096;

  private final SensorStart sensors;
  private final SensorOptions sensorOptions;
  private final Pipeline pipeline;
  private final Reporter reporter;
  private final Commits commits;
  private final RunOutputs outputs;
  private final @Nullable StatusBoard board;
  private final Shell shell;
  private final RunNotes notes;
  private final InstantSource clock;
  private final SteadyClock steadyClock;
  private final ContainerEnrichment containers;
  private final FilePlaces places;
  private final HiddenModules hidden;
  private final Inventory inventory;
  private final SensorWatch sensorWatch;
  private final OutputWatch outputWatch;
  private final FaultWatch faultWatch;
  private final ServiceManager service;
  private String armed = "";
  private @Nullable FatalAttempts fatal;

  /**
   * The event being handled, to be marked if a JVM error ends this run; null between two events.
   */
  private @Nullable Event inHand;

  private final Housekeeping housekeeping;
  private final Schedule schedule;
  private final RunningSensor running = new RunningSensor();
  private Duration stalledAfter;
  private volatile boolean stopped;

  /** The settings to apply in the next turn of the loop; null if nothing changes. */
  private final AtomicReference<WatchSettings.@Nullable Changeable> change =
      new AtomicReference<>();

  /**
   * Creates a run.
   *
   * @param sensors starts the sensor
   * @param outputs the outputs for all notices
   * @param journal the journal of a pinned sensor; null if the sensor is not pinned
   * @param known the modules that have records; null if the sensor is not pinned
   * @param settings the settings that {@link #change} can replace
   * @param board receives the state of the run; null without a status port
   * @param clock the time that is written into records; setting this clock affects nothing else
   * @param steadyClock the clock for all waits
   */
  WatchRun(
      SensorStart sensors,
      SensorOptions sensorOptions,
      List<Signature> signatures,
      RunOutputs outputs,
      @Nullable ReportJournal journal,
      @Nullable KnownModules known,
      WatchSettings.Changeable settings,
      @Nullable StatusBoard board,
      Shell shell,
      InstantSource clock,
      SteadyClock steadyClock) {
    this.sensors = sensors;
    this.sensorOptions = sensorOptions;
    this.commits = new Commits(journal, outputs, Inventory.nanos(clock.instant()));
    this.outputs = outputs;
    this.stalledAfter = settings.stalledAfter();
    this.board = board;
    this.shell = shell;
    this.clock = clock;
    this.steadyClock = steadyClock;
    this.notes = new RunNotes(shell);
    this.schedule = new Schedule(steadyClock);
    this.service = ServiceManager.of(shell.variables(), steadyClock);
    LoadRecord.Host host = HostFacts.of(shell.root(), Machine.at(shell.root()).architecture());
    this.containers = new ContainerEnrichment(shell.root(), steadyClock);
    this.places = new FilePlaces(shell.root());
    this.hidden =
        new HiddenModules(shell.root(), Objects.requireNonNullElse(host.name(), ""), steadyClock);
    this.inventory = new Inventory(shell.root(), host, hidden, steadyClock, known);
    this.sensorWatch =
        new SensorWatch(Objects.requireNonNullElse(host.name(), ""), shell::note, steadyClock);
    this.outputWatch = new OutputWatch(Objects.requireNonNullElse(host.name(), ""), shell::note);
    this.faultWatch =
        new FaultWatch(Objects.requireNonNullElse(host.name(), ""), shell, steadyClock);
    this.housekeeping = new Housekeeping(System::gc, steadyClock);
    this.pipeline =
        new Pipeline(
            signatures,
            shell,
            LoadTrackerOptions.of(host, HostFacts.modprobePath(shell.root()).orElse(null)),
            settings.policy());
    this.reporter = new Reporter(Catalogue.of(signatures), settings.repeatWindow(), true);
  }

  /** Returns the engine's account. */
  EngineStatistics statistics() {
    return pipeline.statistics();
  }

  /** Ends {@link #run}, after it has reported the events up to now. */
  void stop() {
    stopped = true;
    running.wakeUp();
  }

  /** Replaces the settings of the run without missing an event. */
  void change(WatchSettings.Changeable settings) {
    change.set(settings);
    running.wakeUp();
  }

  /**
   * Watches until {@link #stop}.
   *
   * @throws IOException if no output can be written any more; the sensor is detached by then
   * @throws org.kmodwatch.sensor.SensorException if the sensor cannot start
   */
  void run() throws IOException {
    service.alive();
    try (Sensor live = sensors.start(sensorOptions);
        FatalAttempts known = commits.openFatalAttempts(shell)) {
      service.alive();
      fatal = known;
      running.started(live);
      try {
        inventory.look(clock.instant());
        armed = notes.armed(live, pipeline.statistics().signatures().size());
        service.status(armed);
        publish(live);
        begin(live);
        watch(live);
        end(live);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } catch (VirtualMachineError e) {
        Event last = inHand != null ? inHand : pipeline.inHand();
        if (known != null && last != null) {
          known.mark(last);
        }
        throw e;
      } finally {
        running.ends();
      }
    }
  }

  /** Reads the events since the sensor was armed, so that no module is reported twice. */
  private void begin(Sensor live) throws IOException {
    var first = new ArrayList<Event>();
    do {
      live.poll(Duration.ZERO, first::add);
      // The rings may hold many older events. A module whose event comes after the limit is in the
      // inventory too, and its own record says more.
    } while (live.isBehind() && !live.isResumed() && first.size() < MAX_FIRST_EVENTS && !stopped);
    if (live.isResumed()) {
      commits.resumed();
      inventory.resume(first, live.startFaults().isEmpty(), commits.mayLackRecords());
      notes.takenOver();
    } else {
      List<LoadRecord> before = inventory.loadedBefore(first);
      outputPreExisting(before);
      notes.loadedBefore(before.size());
    }
    acceptAll(first);
    acceptAll(sensorWatch.replaced(clock.instant(), live.leftBehind()));
    if (!live.startFaults().isEmpty()) {
      acceptAll(sensorWatch.tick(clock.instant(), live.startFaults(), live.recentStatistics()));
    }
    tick(live);
    commit(live);
  }

  /** Reads, judges, reports and commits, in turns, until {@link #stop}. */
  private void watch(Sensor live) throws IOException {
    Consumer<Event> sink = this::accept;
    while (!stopped) {
      live.poll(schedule.pollTimeout(hidden.isPending()), sink);
      applyChange();
      tick(live);
      check(live);
      commit(live);
      writeLedger(live);
    }
  }

  /** Reads what is left, reports it, and closes the account. */
  private void end(Sensor live) throws IOException {
    service.stopping();
    live.detach();
    live.drain(this::accept);
    if (live.isPinned()) {
      endPinned(live);
    } else {
      endUnpinned(live);
    }
  }

  private void endPinned(Sensor live) throws IOException {
    acceptAll(faultWatch.finish(clock.instant()));
    // The rings keep the events of loads that are not complete, for the next process.
    output(pipeline.leave());
    finishOutputs();
    commit(live);
    outputs.write(ledger(live.statistics(), false));
    notes.leftPinned();
  }

  private void endUnpinned(Sensor live) throws IOException {
    SensorStatistics statistics = live.statistics();
    acceptAll(sensorWatch.finish(clock.instant(), statistics));
    acceptAll(faultWatch.finish(clock.instant()));
    output(pipeline.finish());
    finishOutputs();
    outputs.write(ledger(statistics, true));
    notes.ended(pipeline, statistics);
  }

  private void finishOutputs() throws IOException {
    output(reporter.finish(), null);
    outputs.flush();
    pipeline.close();
    notes.neverHit(pipeline.rulesNeverHit());
    outputs.finish();
    notes.accounts(outputs.sinks().accounts());
  }

  // The steps of a turn, in their order.

  private void acceptAll(List<Event> events) {
    events.forEach(this::accept);
  }

  /** Passes an event through all stages: enrich, judge, journal, output. */
  private void accept(Event event) {
    service.alive();
    if (commits.isReported(event)) {
      inventory.reported(event);
      return;
    }
    if (fatal != null && fatal.contains(event)) {
      faultWatch.endedBefore(event);
      return;
    }
    schedule.event();
    housekeeping.event();
    Event enriched = enrich(event);
    try {
      output(pipeline.accept(enriched));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Event enrich(Event event) {
    inHand = event;
    Event enriched = event;
    try {
      enriched = places.enrich(containers.enrich(event));
    } catch (RuntimeException | Error e) {
      faultWatch.failed(Judged.Failed.of(event, e));
    }
    inHand = null;
    return enriched;
  }

  /**
   * Reports the results of the pipeline: notes them in the journal, and writes the notices to the
   * outputs.
   */
  private void output(List<Judged> results) throws IOException {
    for (Judged judged : results) {
      inHand = judged.event();
      output(report(judged), judged.event());
      if (judged instanceof Judged.OfRecord(LoadRecord record, Event basis, _, _, _)) {
        inventory.joined(record);
        hidden.loaded(record, basis);
      }
      inHand = null;
    }
  }

  private List<Notice> report(Judged judged) throws IOException {
    try {
      return switch (judged) {
        case Judged.OfEvent event -> reporter.report(event);
        case Judged.OfRecord record -> report(record);
        case Judged.Failed failed -> {
          faultWatch.failed(failed);
          yield List.of();
        }
      };
    } catch (RuntimeException | Error e) {
      faultWatch.failed(Judged.Failed.of(judged.event(), e));
      return reporter.taken();
    }
  }

  private List<Notice> report(Judged.OfRecord judged) throws IOException {
    Optional<LoadRecord> record = commits.journal(judged.record(), judged.event());
    return record.isEmpty() ? List.of() : reporter.report(judged.with(record.get()));
  }

  private void output(List<Notice> notices, @Nullable Event event) throws IOException {
    for (Notice notice : notices) {
      outputs.accept(notice, event).forEach(faultWatch::failed);
    }
  }

  private void outputPreExisting(List<LoadRecord> records) throws IOException {
    for (LoadRecord record : records) {
      pipeline.countPreExisting();
      output(List.of(new Notice.OfLoad(record)), null);
    }
  }

  private void applyChange() {
    WatchSettings.Changeable settings = change.getAndSet(null);
    if (settings == null) {
      return;
    }
    try {
      outputs.sinks().replace(settings.sinks());
    } catch (RuntimeException e) { // Not only SinkException: a reload must not end the run.
      notes.unchanged(e);
      return;
    }
    pipeline.change(settings.policy());
    reporter.changeWindow(settings.repeatWindow());
    stalledAfter = settings.stalledAfter();
    notes.changed(settings);
  }

  /** Reports what became complete by the passing of time. */
  private void tick(Sensor live) throws IOException {
    Instant now = clock.instant();
    // During a backlog, an event that looks overdue by the clock may still be unread.
    long seenUpToNanos = live.seenUpToNanos();
    output(reporter.tick(seenUpToNanos), null);
    output(pipeline.tick(seenUpToNanos, Inventory.nanos(now)));
    List<LoadRecord> unseen = inventory.tick(now, seenUpToNanos);
    outputPreExisting(unseen);
    if (!unseen.isEmpty() && live.isResumed()) {
      notes.inNoRecord(unseen.size());
    }
    acceptAll(hidden.tick(live.loadedModules(), now));
  }

  /** Checks sensor, outputs and the run itself, if that is due, and shows their state. */
  private void check(Sensor live) {
    if (!schedule.isCheckDue(live)) {
      return;
    }
    schedule.checkBegins(live);
    service.alive();
    acceptAll(sensorWatch.clockSet(live.takeClockSteps()));
    acceptAll(sensorWatch.tick(clock.instant(), commits.faults(live), live.recentStatistics()));
    acceptAll(
        outputWatch.tick(
            clock.instant(), steadyClock.nanos(), outputs.stalls(stalledAfter), outputs.lost()));
    acceptAll(faultWatch.tick(clock.instant()));
    service.status(status());
    publish(live);
    housekeeping.tick();
    schedule.checkEnds();
  }

  /** Returns the line for {@code systemctl status}. */
  private String status() {
    List<String> parts = sensorWatch.blind().stream().map(part -> part.fault().part()).toList();
    return parts.isEmpty() ? armed : armed + "; blind: " + String.join(", ", parts);
  }

  private void publish(Sensor live) {
    if (board != null) {
      board.publish(
          ledger(live.recentStatistics(), false), sensorWatch.blind(), outputWatch.stalled());
    }
  }

  private void commit(Sensor live) throws IOException {
    commits.commit(live, pipeline.isQuiescent(), inventory);
  }

  private void writeLedger(Sensor live) {
    if (outputs.isRecording() && schedule.isLedgerDue()) {
      outputs.write(ledger(live.statistics(), false));
      schedule.ledgerWritten();
    }
  }

  private Ledger ledger(SensorStatistics statistics, boolean complete) {
    return new Ledger(
        clock.instant(),
        complete,
        statistics,
        pipeline.statistics(),
        pipeline.eventsByName(),
        pipeline.loadsAccount(hidden.unchecked()),
        outputs.sinks().accounts(),
        outputs.accounts(),
        AlertsAccount.of(reporter, pipeline));
  }
}

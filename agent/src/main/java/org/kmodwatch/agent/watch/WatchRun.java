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
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
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
import org.kmodwatch.agent.shell.Counted;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.sink.SinkAccount;
import org.kmodwatch.agent.state.FatalAttempts;
import org.kmodwatch.agent.state.KnownModules;
import org.kmodwatch.agent.state.ReportJournal;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorOptions;
import org.kmodwatch.sensor.SensorStart;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * One run of {@code watch}. It arms the sensor, emits its events until it is stopped, drains the
 * sensor and closes the account. It runs on one thread. Any thread may call {@link #stop}.
 */
public final class WatchRun {

  /** The longest wait for events. After it the run checks whether the ledger is due. */
  private static final Duration POLL_TIMEOUT = Duration.ofSeconds(1);

  /**
   * The longest wait while something depends on the passing of time, such as an incomplete load.
   */
  private static final Duration BUSY_POLL_TIMEOUT = Duration.ofMillis(250);

  /** The time after the last event until nothing depends on the passing of time any more. */
  private static final Duration BUSY_FOR = Duration.ofSeconds(10);

  /** The interval between two checks of the sensor for faults and losses. */
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(500);

  /** The longest interval between two checks of a sensor with a backlog. */
  private static final Duration MAX_LOOK_INTERVAL = Duration.ofSeconds(5);

  private static final Duration LEDGER_INTERVAL = Duration.ofSeconds(5);

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
  private final InstantSource clock;
  private final LongSupplier nanoTime;
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
  private Duration stalledAfter;
  private boolean busy;
  private long busySinceNanos;

  private final Object sourceLock = new Object();

  /**
   * The running sensor. Guarded by {@link #sourceLock}: a sensor that is being closed must not be
   * woken.
   */
  private @Nullable Sensor source;

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
   * @param nanoTime the clock for all waits, as {@link System#nanoTime}
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
      LongSupplier nanoTime) {
    this.sensors = sensors;
    this.sensorOptions = sensorOptions;
    this.commits = new Commits(journal, outputs, Inventory.nanos(clock.instant()));
    this.outputs = outputs;
    this.stalledAfter = settings.stalledAfter();
    this.board = board;
    this.shell = shell;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.service = ServiceManager.of(shell.variables(), nanoTime);
    LoadRecord.Host host = HostFacts.of(shell.root(), Machine.at(shell.root()).architecture());
    this.containers = new ContainerEnrichment(shell.root(), nanoTime);
    this.places = new FilePlaces(shell.root());
    this.hidden =
        new HiddenModules(shell.root(), Objects.requireNonNullElse(host.name(), ""), nanoTime);
    this.inventory = new Inventory(shell.root(), host, hidden, nanoTime, known);
    this.sensorWatch =
        new SensorWatch(Objects.requireNonNullElse(host.name(), ""), shell::note, nanoTime);
    this.outputWatch = new OutputWatch(Objects.requireNonNullElse(host.name(), ""), shell::note);
    this.faultWatch = new FaultWatch(Objects.requireNonNullElse(host.name(), ""), shell, nanoTime);
    this.housekeeping = new Housekeeping(System::gc, nanoTime);
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
    synchronized (sourceLock) {
      if (source != null) {
        source.wakeUp();
      }
    }
  }

  /** Replaces the settings of the run without missing an event. */
  void change(WatchSettings.Changeable settings) {
    change.set(settings);
    synchronized (sourceLock) {
      if (source != null) {
        source.wakeUp();
      }
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
      shell.complain(e.getMessage() + "; the configuration stays as it was");
      return;
    }
    pipeline.change(settings.policy());
    reporter.changeWindow(settings.repeatWindow());
    stalledAfter = settings.stalledAfter();
    shell.note(
        "configuration: read anew: %s, %s"
            .formatted(
                Counted.of(settings.sinks().size(), "sink"),
                Counted.of(settings.policy().rules().size(), "rule")));
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
      setSource(live);
      try {
        inventory.look(clock.instant());
        announce(live.hooks(), live.isWithoutStrings());
        publish(live);
        begin(live);
        watch(live);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } catch (VirtualMachineError e) {
        Event last = inHand != null ? inHand : pipeline.inHand();
        if (known != null && last != null) {
          known.mark(last);
        }
        throw e;
      } finally {
        setSource(null);
      }
    }
  }

  private void setSource(@Nullable Sensor live) {
    synchronized (sourceLock) {
      source = live;
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
      shell.note("the pinned programs were taken over, with what they have seen since");
    } else {
      List<LoadRecord> before = inventory.loadedBefore(first);
      outputPreExisting(before);
      shell.note(
          "%s %s loaded before"
              .formatted(Counted.of(before.size(), "module"), before.size() == 1 ? "was" : "were"));
    }
    acceptAll(first);
    acceptAll(sensorWatch.replaced(clock.instant(), live.leftBehind()));
    if (!live.startFaults().isEmpty()) {
      acceptAll(sensorWatch.tick(clock.instant(), live.startFaults(), live.recentStatistics()));
    }
    tick(live);
    commit(live);
  }

  private void watch(Sensor live) throws IOException {
    Consumer<Event> sink = this::accept;
    long nextLedger = nanoTime.getAsLong();
    long lookedNanos = nextLedger - LOOK_INTERVAL.toNanos();
    long lookTookNanos = 0;
    List<SensorFault> faults = List.of();
    while (!stopped) {
      live.poll(pollTimeout(), sink);
      applyChange();
      tick(live);
      // Checks at once when the faults change: later events are judged by them.
      if (!live.faults().equals(faults)
          || isDue(lookedNanos + lookPauseNanos(live, lookTookNanos))) {
        long lookNanos = nanoTime.getAsLong();
        faults = live.faults();
        service.alive();
        acceptAll(sensorWatch.clockSet(live.takeClockSteps()));
        acceptAll(sensorWatch.tick(clock.instant(), commits.faults(live), live.recentStatistics()));
        acceptAll(
            outputWatch.tick(
                clock.instant(),
                nanoTime.getAsLong(),
                outputs.stalls(stalledAfter),
                outputs.lost()));
        acceptAll(faultWatch.tick(clock.instant()));
        service.status(status());
        publish(live);
        housekeeping.tick();
        lookedNanos = nanoTime.getAsLong();
        lookTookNanos = lookedNanos - lookNanos;
      }
      commit(live);
      if (outputs.isRecording() && isDue(nextLedger)) {
        outputs.write(ledger(live.statistics(), false));
        nextLedger = nanoTime.getAsLong() + LEDGER_INTERVAL.toNanos();
      }
    }
    service.stopping();
    live.detach();
    live.drain(sink);
    if (live.isPinned()) {
      acceptAll(faultWatch.finish(clock.instant()));
      // The rings keep the events of loads that are not complete, for the next process.
      end(pipeline.leave());
      finishOutputs();
      commit(live);
      outputs.write(ledger(live.statistics(), false));
      shell.note("the programs stay pinned, and keep what they see for the next start");
      return;
    }
    SensorStatistics statistics = live.statistics();
    acceptAll(sensorWatch.finish(clock.instant(), statistics));
    acceptAll(faultWatch.finish(clock.instant()));
    end(pipeline.finish());
    finishOutputs();
    outputs.write(ledger(statistics, true));
    shell.note(
        "%s, %s, %s, held back %d, lost %d"
            .formatted(
                Counted.of(pipeline.events(), "event"),
                Counted.of(pipeline.loads(), "load"),
                Counted.of(pipeline.findings(), "finding"),
                statistics.suppressed(),
                statistics.lost()));
  }

  /**
   * Returns the pause before the next check. During a backlog on a slow machine it is longer,
   * because reading comes first.
   */
  private static long lookPauseNanos(Sensor live, long tookNanos) {
    long usual = LOOK_INTERVAL.toNanos();
    return live.isBehind() ? Math.clamp(3 * tookNanos, usual, MAX_LOOK_INTERVAL.toNanos()) : usual;
  }

  private boolean isDue(long whenNanos) {
    return nanoTime.getAsLong() - whenNanos >= 0;
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

  private void finishOutputs() {
    List<String> silent = pipeline.rulesNeverHit();
    if (!silent.isEmpty()) {
      shell.note("policy: never spoke in this run: " + String.join(", ", silent));
    }
    outputs.finish();
    for (SinkAccount account : outputs.sinks().accounts()) {
      shell.note(account.toString());
    }
  }

  private Duration pollTimeout() {
    busy = busy && nanoTime.getAsLong() - busySinceNanos < BUSY_FOR.toNanos();
    return busy || hidden.isPending() ? BUSY_POLL_TIMEOUT : POLL_TIMEOUT;
  }

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
    busy = true;
    busySinceNanos = nanoTime.getAsLong();
    housekeeping.event();
    inHand = event;
    Event enriched = event;
    try {
      enriched = places.enrich(containers.enrich(event));
    } catch (RuntimeException | Error e) {
      faultWatch.failed(Judged.Failed.of(event, e));
    }
    inHand = null;
    try {
      output(pipeline.accept(enriched));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void acceptAll(List<Event> events) {
    events.forEach(this::accept);
  }

  /**
   * Reports the results of the pipeline: notes them in the journal, and writes the notices to the
   * outputs.
   */
  private void output(List<Judged> results) throws IOException {
    for (Judged judged : results) {
      inHand = judged.event();
      List<Notice> notices = List.of();
      try {
        notices =
            switch (judged) {
              case Judged.OfEvent event -> reporter.report(event);
              case Judged.OfRecord record -> report(record);
              case Judged.Failed failed -> {
                faultWatch.failed(failed);
                yield List.of();
              }
            };
      } catch (RuntimeException | Error e) {
        faultWatch.failed(Judged.Failed.of(judged.event(), e));
        notices = reporter.taken();
      }
      output(notices, judged.event());
      if (judged instanceof Judged.OfRecord(LoadRecord record, Event basis, _, _, _)) {
        inventory.joined(record);
        hidden.loaded(record, basis);
      }
      inHand = null;
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

  private void end(List<Judged> last) throws IOException {
    output(last);
    output(reporter.finish(), null);
    outputs.flush();
    pipeline.close();
  }

  private void tick(Sensor live) throws IOException {
    Instant now = clock.instant();
    // During a backlog, an event that looks overdue by the clock may still be unread.
    long seenUpToNanos = live.seenUpToNanos();
    output(reporter.tick(seenUpToNanos), null);
    output(pipeline.tick(seenUpToNanos, Inventory.nanos(now)));
    List<LoadRecord> unseen = inventory.tick(now, seenUpToNanos);
    outputPreExisting(unseen);
    if (!unseen.isEmpty() && live.isResumed()) {
      shell.note(
          "%s %s loaded, and may be in no record: recorded as preExisting"
              .formatted(Counted.of(unseen.size(), "module"), unseen.size() == 1 ? "is" : "are"));
    }
    acceptAll(hidden.tick(live.loadedModules(), now));
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

  private void announce(List<HookStatus> hooks, boolean withoutStrings) {
    long attached = hooks.stream().filter(h -> h.state() == HookStatus.State.ATTACHED).count();
    armed =
        "armed: %d of %d hooks, kernel %s, engine %s"
            .formatted(
                attached,
                hooks.size(),
                Machine.at(shell.root()).kernelRelease(),
                Counted.of(pipeline.statistics().signatures().size(), "signature"));
    shell.note(armed);
    service.status(armed);
    for (HookStatus hook : hooks) {
      if (hook.state() != HookStatus.State.ATTACHED) {
        shell.note(
            "without %s: %s (%s)"
                .formatted(
                    hook.hook().target(),
                    hook.hook().lostWithout(),
                    hook.detail().isEmpty() ? "this kernel does not have it" : hook.detail()));
      }
    }
    if (withoutStrings) {
      shell.note(
          "without what the kernel's lockdown (confidentiality) forbids to read: "
              + Sensor.LOST_IN_LOCKDOWN);
    }
  }
}

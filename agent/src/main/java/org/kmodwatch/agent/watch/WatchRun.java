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
import java.util.function.Supplier;
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
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.Identity;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * One run of {@code watch}: arms the sensor, hands its events on until stopped, drains it, and
 * closes the account. Runs on one thread; {@link #stop} may come from any.
 */
public final class WatchRun {

  /** How long a wait may be before the ledger is looked at again. */
  private static final Duration POLL_TIMEOUT = Duration.ofSeconds(1);

  /** How long it may be while something waits for time to pass: a load that is not complete. */
  private static final Duration BUSY_POLL_TIMEOUT = Duration.ofMillis(250);

  /** Nothing waits longer for time to pass than this after the last event. */
  private static final Duration BUSY_FOR = Duration.ofSeconds(10);

  /** How many records may be told again after a kill, at most, unless the disk is slow. */
  private static final int UNSETTLED = 16;

  /** How often it is looked whether the sensor sees and loses nothing. */
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(500);

  /** The same while there is much to read. */
  private static final Duration MAX_LOOK_INTERVAL = Duration.ofSeconds(5);

  private static final Duration LEDGER_INTERVAL = Duration.ofSeconds(5);

  /** How long the kernel's ring may wait for an output before it is looked at again. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  /** How many events wait at a start until the modules that were there before are written down. */
  private static final int MAX_FIRST_EVENTS = 4096;

  private final Supplier<Sensor> sources;
  private final Pipeline pipeline;
  private final Reporter reporter;
  private final @Nullable ReportJournal journal;
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

  /** The event at which an error of the JVM would end this run; null in between. */
  private @Nullable Event inHand;

  /** On the scale of {@link SensorContexts#steadyNanos}, which begins as the clock is set now. */
  private final long startNanos;

  private final Housekeeping housekeeping;
  private Duration stalledAfter;
  private boolean busy;
  private long busySinceNanos;

  private final Object sourceLock = new Object();

  /** Guarded by {@link #sourceLock}: a source that is being closed must not be woken. */
  private @Nullable Sensor source;

  private volatile boolean stopped;

  /** What is to be from the next turn on. */
  private final AtomicReference<WatchSettings.@Nullable Changeable> change =
      new AtomicReference<>();

  /**
   * Makes one.
   *
   * @param outputs where everything goes
   * @param journal of a pinned sensor; null if it is not pinned
   * @param known the modules of which there are records, likewise
   * @param settings what can be changed by {@link #change}
   * @param board told how it is; null if nobody asks
   * @param clock says what is written down; whoever sets it changes nothing else
   * @param nanoTime says how long everything waits, as {@link System#nanoTime}
   */
  WatchRun(
      Supplier<Sensor> sources,
      List<Signature> signatures,
      RunOutputs outputs,
      @Nullable ReportJournal journal,
      @Nullable KnownModules known,
      WatchSettings.Changeable settings,
      @Nullable StatusBoard board,
      Shell shell,
      InstantSource clock,
      LongSupplier nanoTime) {
    this.sources = sources;
    this.journal = journal;
    this.outputs = outputs;
    this.stalledAfter = settings.stalledAfter();
    this.board = board;
    this.shell = shell;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.startNanos = Inventory.nanos(clock.instant());
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

  /** The engine's account. */
  EngineStatistics statistics() {
    return pipeline.statistics();
  }

  /** Makes {@link #run} come to its end; what has happened so far is still handed on. */
  void stop() {
    stopped = true;
    synchronized (sourceLock) {
      if (source != null) {
        source.wakeUp();
      }
    }
  }

  /** Has the run go on with other settings, without missing an event. */
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
    } catch (RuntimeException e) { // Not a SinkException alone: no reload ends the run.
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
   * @throws IOException if nobody can hear of it any more; the sensor is off the kernel by then
   * @throws org.kmodwatch.sensor.SensorException if the sensor cannot start
   */
  void run() throws IOException {
    service.alive();
    try (Sensor live = sources.get();
        FatalAttempts known =
            journal == null ? null : FatalAttempts.open(journal.folder(), shell::note)) {
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

  /** Takes what has come since the arming, so that it is not told twice. */
  private void begin(Sensor live) throws IOException {
    var first = new ArrayList<Event>();
    do {
      live.poll(Duration.ZERO, first::add);
      // What others left in the rings may be much. Of a module that comes in after so much, the
      // inventory says that it is there, and its own record says more.
    } while (live.isBehind() && !live.isResumed() && first.size() < MAX_FIRST_EVENTS && !stopped);
    if (live.isResumed()) {
      if (journal != null) {
        journal.resumed();
      }
      inventory.resume(first, live.startFaults().isEmpty(), journal != null && journal.hasHoles());
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
    release(live);
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
      // At once where a part goes blind: what comes after is judged by it.
      if (!live.faults().equals(faults)
          || isDue(lookedNanos + lookPauseNanos(live, lookTookNanos))) {
        long lookNanos = nanoTime.getAsLong();
        faults = live.faults();
        service.alive();
        acceptAll(sensorWatch.clockSet(live.takeClockSteps()));
        acceptAll(sensorWatch.tick(clock.instant(), faults(live), live.recentStatistics()));
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
      release(live);
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
      release(live);
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

  /** On a machine that is so slow, reading comes first while there is much to read. */
  private static long lookPauseNanos(Sensor live, long tookNanos) {
    long usual = LOOK_INTERVAL.toNanos();
    return live.isBehind() ? Math.clamp(3 * tookNanos, usual, MAX_LOOK_INTERVAL.toNanos()) : usual;
  }

  private boolean isDue(long whenNanos) {
    return nanoTime.getAsLong() - whenNanos >= 0;
  }

  /** What does not see, or cannot be written, now. */
  private List<SensorFault> faults(Sensor live) {
    if (journal == null) {
      return live.faults();
    }
    journal.tick();
    var faults = new ArrayList<>(live.faults());
    faults.addAll(journal.faults());
    return faults;
  }

  /** For {@code systemctl status}. */
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

  /**
   * Hands on what was told, and gives what was told of back to the kernel, once nothing of it is
   * needed any more.
   */
  private void release(Sensor live) throws IOException {
    if (journal == null) {
      flush();
      live.commit();
      return;
    }
    if (!settle(journal) && !live.mustCommit()) {
      // Whoever comes after a kill reads it again.
      return;
    }
    if (pipeline.isQuiescent() || live.mustCommit()) {
      inventory.keep();
      live.commit();
      journal.clear();
    }
  }

  /** Hands on what was told; whether it is out of this process's hands. */
  private boolean settle(ReportJournal reported) throws IOException {
    flush();
    if (!outputs.awaitWritten(PATIENCE)) {
      return false;
    }
    reported.settle();
    return true;
  }

  private void flush() throws IOException {
    outputs.flush();
    outputs.requireListener();
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

  /**
   * Notes in the journal that a record is about to be reported.
   *
   * @return the record, marked where an agent before this one may have reported it; empty where one
   *     has
   */
  private Optional<LoadRecord> journalled(LoadRecord record, Event basis) throws IOException {
    if (journal == null) {
      return Optional.of(record);
    }
    String first = ReportJournal.firstOf(record.id());
    boolean isFirst = record.mayBeReplaced();
    if (isFirst && journal.isReported(first)) {
      return Optional.empty();
    }
    if (journal.unsettled() >= UNSETTLED) {
      settle(journal);
    }
    // Somebody may have set the clock back since, before this start or after it.
    long steadyNanos = record.timeNanos() - SensorContexts.clockShiftNanos(basis);
    String reported = isFirst ? first : record.id();
    Optional<String> doubt = journal.doubtOf(reported, steadyNanos < startNanos);
    journal.note(reported);
    LoadRecord marked =
        !isFirst && journal.mayBeReported(first) && !record.replacesAnother()
            ? record.replacing("the call had not returned by then")
            : record;
    return Optional.of(
        doubt.map(why -> ReportJournal.possiblyReportedBefore(marked, why)).orElse(marked));
  }

  private Duration pollTimeout() {
    busy = busy && nanoTime.getAsLong() - busySinceNanos < BUSY_FOR.toNanos();
    return busy || hidden.isPending() ? BUSY_POLL_TIMEOUT : POLL_TIMEOUT;
  }

  private void accept(Event event) {
    service.alive();
    if (journal != null && journal.isReported(Identity.recordId(event))) {
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

  /** Reports what the pipeline returned: by the journal and the reporter to the outputs. */
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
    Optional<LoadRecord> record = journalled(judged.record(), judged.event());
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
    // Behind a backlog, what looks overdue by the clock may be about to be read.
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

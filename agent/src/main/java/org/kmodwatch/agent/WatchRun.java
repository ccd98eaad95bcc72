package org.kmodwatch.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.doctor.Machine;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * One run of {@code watch}: arms the sensor, hands its events on until stopped, drains it, and
 * closes the account. Runs on one thread; {@link #stop} may come from any.
 */
final class WatchRun {

  /** How long a wait may be before the ledger is looked at again. */
  private static final Duration POLL_TIMEOUT = Duration.ofSeconds(1);

  private static final Duration LEDGER_INTERVAL = Duration.ofSeconds(5);

  private final Supplier<LiveSource> sources;
  private final Pipeline pipeline;
  private final @Nullable Recorder recorder;
  private final Shell shell;
  private final InstantSource clock;

  private final Object sourceLock = new Object();

  /** Guarded by {@link #sourceLock}: a source that is being closed must not be woken. */
  private @Nullable LiveSource source;

  private volatile boolean stopped;

  WatchRun(
      Supplier<LiveSource> sources,
      Pipeline pipeline,
      @Nullable Recorder recorder,
      Shell shell,
      InstantSource clock) {
    this.sources = sources;
    this.pipeline = pipeline;
    this.recorder = recorder;
    this.shell = shell;
    this.clock = clock;
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

  /**
   * Watches until {@link #stop}.
   *
   * @throws IOException if an output fails; the sensor is off the kernel by then
   * @throws org.kmodwatch.sensor.SensorException if the sensor cannot start
   */
  void run() throws IOException {
    try (LiveSource live = sources.get()) {
      setSource(live);
      try {
        announce(live.hooks());
        watch(live);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } finally {
        setSource(null);
      }
    }
  }

  private void setSource(@Nullable LiveSource live) {
    synchronized (sourceLock) {
      source = live;
    }
  }

  private void watch(LiveSource live) throws IOException {
    Consumer<Event> sink = this::accept;
    var nextLedger = clock.instant();
    while (!stopped) {
      live.poll(POLL_TIMEOUT, sink);
      pipeline.flush();
      if (recorder != null && !clock.instant().isBefore(nextLedger)) {
        recorder.write(ledger(live.statistics(), false));
        nextLedger = clock.instant().plus(LEDGER_INTERVAL);
      }
    }
    live.detach();
    live.drain(sink);
    pipeline.flush();
    pipeline.finish();
    SensorStatistics statistics = live.statistics();
    if (recorder != null) {
      recorder.write(ledger(statistics, true));
    }
    shell.note(
        "%s, %s, lost %d"
            .formatted(
                Counted.of(pipeline.statistics().events(), "event"),
                Counted.of(pipeline.findings(), "finding"),
                Ledger.lost(statistics)));
  }

  private void accept(Event event) {
    try {
      pipeline.accept(event);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Ledger ledger(SensorStatistics statistics, boolean complete) {
    return new Ledger(
        clock.instant(), complete, statistics, pipeline.statistics(), pipeline.eventsByName());
  }

  private void announce(List<HookStatus> hooks) {
    long attached = hooks.stream().filter(h -> h.state() == HookStatus.State.ATTACHED).count();
    shell.note(
        "armed: %d of %d hooks, kernel %s, engine %s"
            .formatted(
                attached,
                hooks.size(),
                Machine.at(shell.root()).kernelRelease(),
                Counted.of(pipeline.statistics().signatures().size(), "signature")));
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
  }
}

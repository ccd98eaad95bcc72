package org.kmodwatch.lab;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.replay.ProgressBar;
import org.kmodwatch.agent.shell.StatusLine;

/**
 * Shows the current stage and its duration on the terminal. Nothing is shown while the guest's
 * script runs, since its output may stop in the middle of a line. Thread-safe.
 */
final class StageClock implements AutoCloseable {

  private static final long TICK_NANOS = 200_000_000L;

  private final StatusLine line;
  private final LongSupplier nanoTime;
  private @Nullable Thread ticker;
  private @Nullable String stage;
  private @Nullable Duration usual;
  private long startNanos;

  private StageClock(StatusLine line, LongSupplier nanoTime) {
    this.line = line;
    this.nanoTime = nanoTime;
  }

  /** Returns a clock that is shown again a few times a second until it is closed. */
  static StageClock ticking(StatusLine line) {
    if (!line.isVisible()) {
      return still(line, System::nanoTime);
    }
    var clock = new StageClock(line, System::nanoTime);
    clock.ticker = Thread.ofPlatform().daemon().name("lab-progress").start(clock::tick);
    return clock;
  }

  private void tick() {
    while (!Thread.currentThread().isInterrupted()) {
      show();
      LockSupport.parkNanos(TICK_NANOS);
    }
  }

  /** Returns a clock that is only shown by {@link #show}. */
  static StageClock still(StatusLine line, LongSupplier nanoTime) {
    return new StageClock(line, nanoTime);
  }

  /**
   * Begins a stage.
   *
   * @param name the name in a few words; empty for a stage that prints its own output
   */
  void stage(String name) {
    stage(name, null);
  }

  /**
   * Begins a stage with a usual duration.
   *
   * @param newUsual the usual duration; null if unknown
   */
  synchronized void stage(String name, @Nullable Duration newUsual) {
    stage = name.isEmpty() ? null : name;
    usual = newUsual;
    startNanos = nanoTime.getAsLong();
    line.clear();
  }

  /** Shows the stage and its duration so far. */
  synchronized void show() {
    if (stage != null) {
      Duration soFar = Duration.ofNanos(nanoTime.getAsLong() - startNanos);
      line.show(
          "lab: %s%s: %s"
              .formatted(
                  stage, usual == null ? "" : " " + bar(soFar, usual), GuestReport.seconds(soFar)));
    }
  }

  /** Returns a progress bar, which stays below 100 % if the stage takes longer than usual. */
  private static String bar(Duration soFar, Duration usual) {
    return ProgressBar.bar(Math.min(soFar.toNanos(), usual.toNanos() - 1), usual.toNanos());
  }

  @Override
  public void close() {
    stage("");
    if (ticker != null) {
      ticker.interrupt();
    }
  }
}

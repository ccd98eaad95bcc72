package org.kmodwatch.lab;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.replay.ProgressBar;
import org.kmodwatch.agent.shell.StatusLine;

/**
 * Shows on the terminal what goes on and how long it has taken so far. Nothing is shown while the
 * guest's script runs: its output may stand in the middle of a line. Thread-safe.
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

  /** One that is shown anew a few times a second until it is closed. */
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

  /** One that is shown when it is told to. */
  static StageClock still(StatusLine line, LongSupplier nanoTime) {
    return new StageClock(line, nanoTime);
  }

  /**
   * From now on this goes on.
   *
   * @param name a few words; empty for something that shows itself
   */
  void stage(String name) {
    stage(name, null);
  }

  /**
   * The same.
   *
   * @param newUsual how long it usually takes; null if that is not known
   */
  synchronized void stage(String name, @Nullable Duration newUsual) {
    stage = name.isEmpty() ? null : name;
    usual = newUsual;
    startNanos = nanoTime.getAsLong();
    line.clear();
  }

  /** Shows how long it has taken so far. */
  synchronized void show() {
    if (stage != null) {
      Duration soFar = Duration.ofNanos(nanoTime.getAsLong() - startNanos);
      line.show(
          "lab: %s%s: %s"
              .formatted(
                  stage, usual == null ? "" : " " + bar(soFar, usual), GuestReport.seconds(soFar)));
    }
  }

  /** What takes longer than usual is not over for that. */
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

package org.kmodwatch.agent.watch;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.agent.status.Health;

/** The last known state of a run. The run's thread writes it, and any thread may read it. */
public final class StatusBoard {

  /**
   * The longest silence of a healthy run. A run publishes its state twice a second, unless it has a
   * backlog.
   */
  static final Duration SILENCE = Duration.ofSeconds(60);

  private final LongSupplier nanoTime;
  private volatile @Nullable Entry last;

  /**
   * Creates a board without a state.
   *
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  StatusBoard(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  private record Entry(
      Ledger ledger, List<SensorWatch.Blind> blind, List<Stall> stalls, long atNanos) {}

  void publish(Ledger ledger, List<SensorWatch.Blind> blind, List<Stall> stalls) {
    last = new Entry(ledger, List.copyOf(blind), List.copyOf(stalls), nanoTime.getAsLong());
  }

  /** Returns the metrics of the last account; empty before the sensor is armed. */
  MetricSnapshots metrics() {
    Entry entry = last;
    return entry == null
        ? new MetricSnapshots()
        : LedgerMetrics.of(entry.ledger(), entry.blind(), entry.stalls());
  }

  /**
   * Returns the present troubles: a sensor that is not armed yet, a blind part, a stalled output,
   * or a silent run.
   */
  Health health() {
    Entry entry = last;
    if (entry == null) {
      return new Health(List.of("the sensor is not armed yet"));
    }
    var troubles = new ArrayList<String>();
    for (SensorWatch.Blind part : entry.blind()) {
      troubles.add(
          "blind since %s: %s: %s"
              .formatted(part.since(), part.fault().part(), part.fault().detail()));
    }
    for (Stall stall : entry.stalls()) {
      troubles.add("output %s: %s".formatted(stall.output(), stall.detail()));
    }
    if (nanoTime.getAsLong() - entry.atNanos() > SILENCE.toNanos()) {
      troubles.add("nothing was read from the kernel since " + entry.ledger().time());
    }
    return new Health(troubles);
  }
}

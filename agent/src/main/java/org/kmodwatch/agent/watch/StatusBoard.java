package org.kmodwatch.agent.watch;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.agent.status.Health;

/** What was last known of a run, written by its thread and read by whoever asks. */
public final class StatusBoard {

  /** A run says how it is twice a second, unless it has a backlog to work off. */
  static final Duration SILENCE = Duration.ofSeconds(60);

  private final LongSupplier nanoTime;
  private volatile @Nullable Entry last;

  /**
   * Makes one that knows nothing.
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

  /** The account of a moment ago; none before the sensor is armed. */
  MetricSnapshots metrics() {
    Entry entry = last;
    return entry == null
        ? new MetricSnapshots()
        : LedgerMetrics.of(entry.ledger(), entry.blind(), entry.stalls());
  }

  /**
   * What is wrong: not armed yet, a part that is blind, an output that stands, a run that has not
   * been heard of.
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

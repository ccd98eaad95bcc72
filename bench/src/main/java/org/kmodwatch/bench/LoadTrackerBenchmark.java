package org.kmodwatch.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Measures the load tracker. An operation is one event. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class LoadTrackerBenchmark {

  private static final int EVENTS = 4_000;

  private List<Event> mixed = List.of();
  private List<Event> attempts = List.of();

  /** JMH calls this constructor. */
  public LoadTrackerBenchmark() {}

  /** Decodes the events. */
  @Setup
  public void decode() {
    mixed = SampleEvents.events(EVENTS, 0.01);
    attempts = SampleEvents.events(EVENTS, 0.4);
  }

  /** Measures events of which one in a hundred is a load. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long mixed() {
    return pass(mixed);
  }

  /** Measures events of which nearly all belong to loads. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long attempts() {
    return pass(attempts);
  }

  private static long pass(List<Event> events) {
    var records = new long[1];
    var tracker =
        new LoadTracker(
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), (record, basis) -> records[0]++);
    for (Event event : events) {
      tracker.tick(event.timestampNanos());
      tracker.accept(event, List.of());
    }
    tracker.finish();
    return records[0];
  }
}

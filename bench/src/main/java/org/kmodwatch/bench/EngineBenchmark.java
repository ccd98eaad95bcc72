package org.kmodwatch.bench;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures the engine's cost per event, with only TRC-1017 loaded. An operation is one decoded
 * event. The class is public since JMH generates a subclass.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 8, time = 1)
public class EngineBenchmark {

  private static final int EVENTS = 8_000;

  private final Counter counter = new Counter();
  private final Event[] mixed = new Event[EVENTS];
  private final Event[] unselected = new Event[EVENTS];
  private final Engine engine = Engine.start(List.of(new KernelModuleLoading()), counter);

  /** JMH calls this constructor. */
  public EngineBenchmark() {}

  /** Decodes the events. */
  @Setup
  public void decode() {
    SampleEvents.events(EVENTS, 0.01).toArray(mixed);
    // One pass shows which events are selected. It reads twice as many events as needed, since some
    // are selected.
    int kept = 0;
    for (Event event : SampleEvents.events(2 * EVENTS, 0)) {
      long before = received();
      engine.process(event);
      if (received() == before && kept < EVENTS) {
        unselected[kept++] = event;
      }
    }
  }

  /** Measures events of which one in a hundred raises a finding. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long mixed() {
    return pass(mixed);
  }

  /**
   * Measures the same events with new name strings, whose hashes are not computed yet, as from a
   * reader. A string keeps its hash, so repeated passes over the same events do not pay for it.
   */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long mixedFresh(Fresh fresh) {
    return pass(fresh.events);
  }

  /** Measures events that no signature selects. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long unselected() {
    return pass(unselected);
  }

  private long pass(Event[] events) {
    for (Event event : events) {
      engine.process(event);
    }
    return counter.findings;
  }

  private long received() {
    return engine.statistics().signatures().getFirst().received();
  }

  /** Holds events whose names are new strings before each pass. The class is public for JMH. */
  @State(Scope.Thread)
  public static class Fresh {
    private final Event[] events = new Event[EVENTS];

    /** JMH calls this constructor. */
    public Fresh() {}

    /** Replaces the names by new strings. */
    @Setup(Level.Invocation)
    public void renew(EngineBenchmark benchmark) {
      for (int i = 0; i < EVENTS; i++) {
        Event event = benchmark.mixed[i];
        byte[] name = event.eventName().getBytes(StandardCharsets.UTF_8);
        events[i] = event.named(new String(name, StandardCharsets.UTF_8));
      }
    }
  }

  private static final class Counter implements EngineListener {
    private long findings;

    @Override
    public void onFinding(Finding finding) {
      findings++;
    }

    @Override
    public void onMalformed(SignatureMetadata signature, Event event, String reason) {
      throw new BenchException("malformed: " + reason);
    }

    @Override
    public void onFailure(SignatureMetadata signature, Phase phase, Throwable failure) {
      throw new BenchException("failed in " + phase, failure);
    }
  }
}

package org.kmodwatch.bench;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signatures.KernelModuleLoading;
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
 * What the engine costs an event, with TRC-1017 alone in it: an operation is one decoded event.
 * Public since JMH makes a class that extends it.
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

  /** Called by JMH. */
  public EngineBenchmark() {}

  /** Decodes the events. */
  @Setup
  public void decode() {
    SampleEvents.events(EVENTS, 0.01).toArray(mixed);
    // One pass tells which are selected; from twice as many, since some are.
    int kept = 0;
    for (Event event : SampleEvents.events(2 * EVENTS, 0)) {
      long before = received();
      engine.process(event);
      if (received() == before && kept < EVENTS) {
        unselected[kept++] = event;
      }
    }
  }

  /** One event in a hundred raises a finding. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long mixed() {
    return pass(mixed);
  }

  /**
   * The same, of events whose names nobody has hashed before, as they come from a reader: a string
   * keeps its hash, so that passes over the same events do not pay for it.
   */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long mixedFresh(Fresh fresh) {
    return pass(fresh.events);
  }

  /** No signature selected any of them. */
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

  /** Events whose names are new strings before each pass. Public for JMH. */
  @State(Scope.Thread)
  public static class Fresh {
    private final Event[] events = new Event[EVENTS];

    /** Called by JMH. */
    public Fresh() {}

    /** Makes the names new. */
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

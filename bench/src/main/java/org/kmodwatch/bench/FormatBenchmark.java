package org.kmodwatch.bench;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.EventReader;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.write.EventWriter;
import org.kmodwatch.core.write.FindingWriter;
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

/**
 * Measures the reader, which parses every line in full, and the writers. An operation is one line.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class FormatBenchmark {

  private static final int LINES = 2_000;

  private byte[] recording = {};
  private List<Event> events = List.of();

  /** JMH calls this constructor. */
  public FormatBenchmark() {}

  /** Generates the lines and decodes them. */
  @Setup
  public void decode() {
    recording = SampleEvents.recording(LINES, 0.01);
    events = SampleEvents.events(LINES, 0.01);
  }

  /** Measures the way from bytes to events. */
  @Benchmark
  @OperationsPerInvocation(LINES)
  public long read() throws IOException {
    var counter = new Counter();
    EventReader.read(new ByteArrayInputStream(recording), "sample", ReadOptions.DEFAULT, counter);
    return counter.events;
  }

  /** Measures the way from events to bytes. */
  @Benchmark
  @OperationsPerInvocation(LINES)
  public long writeEvents() {
    var writer = new EventWriter();
    long bytes = 0;
    for (Event event : events) {
      bytes += writer.toBytes(event).length;
    }
    return bytes;
  }

  /** Measures the way from findings, one on each event, to bytes. */
  @Benchmark
  @OperationsPerInvocation(LINES)
  public long writeFindings() {
    SignatureMetadata metadata = new KernelModuleLoading().metadata();
    var writer = new FindingWriter();
    long bytes = 0;
    for (Event event : events) {
      bytes += writer.toBytes(new Finding(metadata, event, null)).length;
    }
    return bytes;
  }

  private static final class Counter implements EventHandler {
    private long events;

    @Override
    public void onEvent(Event event) {
      events++;
    }

    @Override
    public void onBadLine(BadLine line) {
      throw new BenchException("bad line: " + line);
    }
  }
}

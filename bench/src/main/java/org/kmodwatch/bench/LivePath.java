package org.kmodwatch.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.kmodwatch.agent.output.JsonOutputs;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Runs the live path from decoded events to output in a loop, as a separate program for a profiler.
 * It includes all signatures, the load tracker, findings and load records as JSON. The sensor
 * recorded the events of four attempts on Linux 6.12 in the lab. Decoding is left out, since it
 * needs a kernel.
 */
final class LivePath implements EngineListener {

  private static final String RESOURCE = "live.ndjson";

  private final List<Event> recorded;
  private final List<Output> outputs;
  private final List<Finding> raised = new ArrayList<>();
  private final Deque<Runnable> joined = new ArrayDeque<>();
  private final Engine engine = Engine.start(Engine.installedSignatures(), this);

  private LivePath(List<Event> recorded, OutputStream out) {
    this.recorded = recorded;
    this.outputs = List.of(JsonOutputs.findings(out), JsonOutputs.loads(out));
  }

  /** Runs for the number of seconds in the first argument. */
  public static void main(String[] args) throws IOException {
    var path = new LivePath(recorded(), OutputStream.nullOutputStream());
    long end = System.nanoTime() + Long.parseLong(args[0]) * 1_000_000_000L;
    while (System.nanoTime() < end) {
      path.pass();
    }
  }

  /** Returns the events of the resource. */
  static List<Event> recorded() throws IOException {
    try (InputStream in = LivePath.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new BenchException("there is no resource " + RESOURCE);
      }
      return SampleEvents.events(in, RESOURCE);
    }
  }

  /** Writes the findings and loads of all events to {@code out}, once. */
  static void pass(OutputStream out) throws IOException {
    new LivePath(recorded(), out).pass();
  }

  private void pass() throws IOException {
    // Each pass needs a new tracker, since the times begin again.
    var tracker =
        new LoadTracker(
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
            (record, basis) -> joined.addLast(() -> write(record, basis)));
    for (Event each : recorded) {
      Event event = asDecoded(each);
      tracker.tick(event.timestampNanos());
      List<String> findings = judge(event);
      tracker.accept(event, findings);
      deliver();
    }
    tracker.finish();
    deliver();
    for (Output output : outputs) {
      output.flush();
    }
  }

  /**
   * Returns the event with its context as the sensor's decoder leaves it: not yet converted to
   * fields.
   */
  private static Event asDecoded(Event event) {
    SensorContext context = SensorContexts.of(event).orElseThrow();
    return event.withUnknownFields(SensorContexts.toUnknownFields(context));
  }

  private void deliver() {
    Runnable next;
    while ((next = joined.pollFirst()) != null) {
      next.run();
    }
  }

  private void write(LoadRecord record, Event basis) {
    try {
      var findings = new ArrayList<>(record.findings());
      findings.addAll(judge(LoadRecords.toEvent(record, basis)));
      LoadRecord whole = record.withFindings(findings);
      for (Output output : outputs) {
        output.accept(new Notice.OfLoad(whole));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> judge(Event event) throws IOException {
    raised.clear();
    engine.process(event);
    for (Output output : outputs) {
      for (Finding finding : raised) {
        output.accept(new Notice.OfFinding(finding));
      }
    }
    return raised.stream().map(finding -> finding.metadata().id()).distinct().toList();
  }

  @Override
  public void onFinding(Finding finding) {
    raised.add(finding);
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

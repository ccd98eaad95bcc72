package org.kmodwatch.agent;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;

/** The way of an event through a command: engine, then outputs. One thread at a time. */
final class Pipeline {

  /** Past this many different event names the rest are counted together; a recording may lie. */
  private static final int MAX_NAMES = 256;

  private static final String OTHER_NAMES = "(other)";

  private final Engine engine;
  private final List<Output> outputs;
  private final Complaints malformed;
  private final Complaints failures;
  private final List<Finding> raised = new ArrayList<>();
  private final Map<String, Long> eventsByName = new TreeMap<>();

  Pipeline(List<Signature> signatures, List<Output> outputs, Shell shell) {
    this.outputs = List.copyOf(outputs);
    this.malformed = new Complaints(shell, "malformed events");
    this.failures = new Complaints(shell, "failures of signatures");
    this.engine = Engine.start(signatures, new Listener());
  }

  /**
   * Takes one event.
   *
   * @throws IOException if an output fails
   */
  void accept(Event event) throws IOException {
    String name = event.eventName();
    eventsByName.merge(
        eventsByName.containsKey(name) || eventsByName.size() < MAX_NAMES ? name : OTHER_NAMES,
        1L,
        Long::sum);
    // The findings are written after the engine is done: it takes what its listener throws for a
    // failure of the signature.
    raised.clear();
    engine.process(event);
    for (Output output : outputs) {
      for (Finding finding : raised) {
        output.finding(finding);
      }
      output.event(event);
    }
  }

  /**
   * Makes what was taken so far visible.
   *
   * @throws IOException if an output fails
   */
  void flush() throws IOException {
    for (Output output : outputs) {
      output.flush();
    }
  }

  EngineStatistics statistics() {
    return engine.statistics();
  }

  Map<String, Long> eventsByName() {
    return Map.copyOf(eventsByName);
  }

  long findings() {
    return statistics().signatures().stream()
        .mapToLong(EngineStatistics.OfSignature::findings)
        .sum();
  }

  long malformed() {
    return malformed.count();
  }

  /** Closes the engine, and says how much was not shown. */
  void finish() {
    engine.close();
    malformed.finish();
    failures.finish();
  }

  private final class Listener implements EngineListener {
    @Override
    public void onFinding(Finding finding) {
      raised.add(finding);
    }

    @Override
    public void onMalformed(SignatureMetadata signature, Event event, String reason) {
      malformed.add(
          "malformed: %s cannot judge %s of %s[%d]: %s"
              .formatted(
                  signature.id(),
                  event.eventName(),
                  event.process().processName(),
                  event.process().hostProcessId(),
                  reason));
    }

    @Override
    public void onFailure(SignatureMetadata signature, Phase phase, Throwable failure) {
      failures.add(
          "kmodwatch: signature %s failed in %s: %s".formatted(signature.id(), phase, failure));
    }
  }
}

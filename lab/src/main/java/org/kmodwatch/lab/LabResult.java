package org.kmodwatch.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * What a guest that came to its end left behind. The record files are there only if the sensor ran.
 *
 * @param exitStatus the script's own
 * @param out the folder that everything is in
 * @param armedAfter from power on until the sensor was armed
 * @param scriptTook how long the script ran, as seen by the host
 */
public record LabResult(int exitStatus, Path out, Duration armedAfter, Duration scriptTook) {

  /** Checks that nothing is missing. */
  public LabResult {
    Objects.requireNonNull(out);
    Objects.requireNonNull(armedAfter);
    Objects.requireNonNull(scriptTook);
  }

  /** The findings, one JSON object a line. */
  public Path findings() {
    return out.resolve("findings.ndjson");
  }

  /** The load records, one JSON object a line. */
  public Path loads() {
    return out.resolve("loads.ndjson");
  }

  /** The events, one JSON object a line. */
  public Path events() {
    return out.resolve("events.ndjson");
  }

  /** The account of every event seen, delivered, suppressed or lost. */
  public Path ledger() {
    return out.resolve("ledger.json");
  }

  /** What the script printed. */
  public Path guestLog() {
    return out.resolve("guest.log");
  }

  /** What the kernel printed. */
  public Path consoleLog() {
    return out.resolve("console.log");
  }

  /** What the sensor's process printed on standard error. */
  public Path agentLog() {
    return out.resolve("agent.log");
  }
}

package org.kmodwatch.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * The result of a guest that came to its end. The record files exist only if the sensor ran.
 *
 * @param exitStatus the exit status of the script
 * @param out the folder of all result files
 * @param armedAfter the time from power on until the sensor was armed
 * @param scriptTook how long the script ran, measured on the host
 */
public record LabResult(int exitStatus, Path out, Duration armedAfter, Duration scriptTook) {

  /** Checks that no value is missing. */
  public LabResult {
    Objects.requireNonNull(out);
    Objects.requireNonNull(armedAfter);
    Objects.requireNonNull(scriptTook);
  }

  /** Returns the file of the findings, one JSON object per line. */
  public Path findings() {
    return out.resolve("findings.ndjson");
  }

  /** Returns the file of the load records, one JSON object per line. */
  public Path loads() {
    return out.resolve("loads.ndjson");
  }

  /** Returns the file of the events, one JSON object per line. */
  public Path events() {
    return out.resolve("events.ndjson");
  }

  /** Returns the account of every event seen, delivered, suppressed or lost. */
  public Path ledger() {
    return out.resolve("ledger.json");
  }

  /** Returns the output of the script. */
  public Path guestLog() {
    return out.resolve("guest.log");
  }

  /** Returns the output of the kernel. */
  public Path consoleLog() {
    return out.resolve("console.log");
  }

  /** Returns the standard error of the sensor's process. */
  public Path agentLog() {
    return out.resolve("agent.log");
  }
}

package org.kmodwatch.agent.alert;

import java.util.List;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * An alert reports a load or a finding that a person should look at.
 *
 * @param id the identifier: it stays the same when the same events are read again; a summary has
 *     the id of the alert that it sums up
 * @param stage the kind of alert: the first of its group, or the summary of the repeats
 * @param subject the load or the finding; of a summary, the last one
 * @param signatures the signatures that matched, the most severe first; empty if only a rule of the
 *     policy caused the alert
 * @param count the number of occurrences from {@code firstNanos} to {@code lastNanos}, the first
 *     included
 * @param firstNanos the time of the first occurrence, in nanoseconds since the epoch
 * @param lastNanos the time of the last occurrence, in nanoseconds since the epoch
 */
public record Alert(
    String id,
    Stage stage,
    Subject subject,
    List<SignatureMetadata> signatures,
    long count,
    long firstNanos,
    long lastNanos) {

  /** Copies the list of signatures. */
  public Alert {
    signatures = List.copyOf(signatures);
  }

  /**
   * Returns the severity of the most severe signature, as {@link SignatureMetadata#severity}; 0
   * without a signature.
   */
  public int severity() {
    return signatures.isEmpty() ? 0 : signatures.getFirst().severity();
  }

  /** A stage says when an alert is raised. */
  public enum Stage {
    /** The alert reports the first occurrence, with count 1. */
    FIRST,
    /** The alert reports the repeats at the end of the window, if there were any. */
    SUMMARY
  }

  /** A subject is the load or the finding that an alert reports. */
  public sealed interface Subject {

    /**
     * The alert reports a load or an unload.
     *
     * @param record the load record, with the verdict of the policy
     */
    record OfLoad(LoadRecord record) implements Subject {}

    /**
     * The alert reports a finding that belongs to no load: on the sensor, on a request, on a hidden
     * module.
     *
     * @param finding the finding
     */
    record OfFinding(Finding finding) implements Subject {}
  }
}

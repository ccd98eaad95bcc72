package org.kmodwatch.agent.alert;

import java.util.List;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Something that a person is to look at.
 *
 * @param id stable over reading the same events again; a summary has that of the alert it sums up
 * @param stage whether it is the first of its kind, or the account of what came after the first
 * @param subject what it is about; of a summary, the last of them
 * @param signatures those that spoke on it, the most severe first; empty if a rule of the policy
 *     alone asked for the alert
 * @param count how often it happened from {@code firstNanos} to {@code lastNanos}, the first
 *     included
 * @param firstNanos when it first happened, nanoseconds since the epoch
 * @param lastNanos when it last happened
 */
public record Alert(
    String id,
    Stage stage,
    Subject subject,
    List<SignatureMetadata> signatures,
    long count,
    long firstNanos,
    long lastNanos) {

  /** Copies the list. */
  public Alert {
    signatures = List.copyOf(signatures);
  }

  /** That of the most severe signature, as {@link SignatureMetadata#severity}; 0 without one. */
  public int severity() {
    return signatures.isEmpty() ? 0 : signatures.getFirst().severity();
  }

  /** At which time an alert is raised. */
  public enum Stage {
    /** At the first of its kind, with count 1. */
    FIRST,
    /** When the window of repeats is over, if there were any. */
    SUMMARY
  }

  /** What an alert is about. */
  public sealed interface Subject {

    /**
     * A load or an unload.
     *
     * @param record its record, with what the policy says of it
     */
    record OfLoad(LoadRecord record) implements Subject {}

    /**
     * A finding that is about no load: on the sensor, on a request, on a hidden module.
     *
     * @param finding the finding
     */
    record OfFinding(Finding finding) implements Subject {}
  }
}

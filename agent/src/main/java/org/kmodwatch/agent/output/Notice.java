package org.kmodwatch.agent.output;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/**
 * An entry that an {@link Output} can write: an event, a finding on it, a load record, an alert.
 * The pipeline returns them in the order in which they are written.
 */
public sealed interface Notice {

  /**
   * An event of the source. It comes after its findings. The events {@code kernel_module} that
   * Kmodwatch makes of load records are not among them.
   *
   * @param event the event
   */
  record OfEvent(Event event) implements Notice {}

  /**
   * A finding that a signature reported.
   *
   * @param finding the finding
   */
  record OfFinding(Finding finding) implements Report {}

  /**
   * A record of a load, an unload, or a request that led to no load, after its findings.
   *
   * @param load the record
   */
  record OfLoad(LoadRecord load) implements Report {}

  /**
   * An alert, after the load or the finding that it is about.
   *
   * @param alert the alert
   */
  record OfAlert(Alert alert) implements Report {}

  /** A notice for people and receivers: every kind but events. */
  sealed interface Report extends Notice {

    /** Returns the kind of the report. */
    default Kind kind() {
      return switch (this) {
        case OfFinding _ -> Kind.FINDING;
        case OfLoad _ -> Kind.LOAD;
        case OfAlert _ -> Kind.ALERT;
      };
    }

    /**
     * Returns the time of the finding or load, in nanoseconds since the epoch. For an alert it is
     * the time of the first occurrence.
     */
    default long timeNanos() {
      return switch (this) {
        case OfFinding(Finding finding) -> finding.event().timestampNanos();
        case OfLoad(LoadRecord load) -> load.timeNanos();
        case OfAlert(Alert alert) -> alert.firstNanos();
      };
    }
  }

  /** The kinds of reports. */
  enum Kind {
    /** A signature's verdict on an event, reported at once. */
    FINDING,
    /** A whole attempt to load or unload a module. */
    LOAD,
    /** A load or finding that the policy does not expect, with its repeats counted. */
    ALERT;

    /** Returns the kind's name in configuration and output. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the kind that {@code word} names; empty if it names none. */
    public static Optional<Kind> ofWord(String word) {
      return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst();
    }
  }
}

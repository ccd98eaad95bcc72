package org.kmodwatch.agent.output;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/** One thing that people are told of. */
public sealed interface Notice {

  /**
   * A finding.
   *
   * @param finding the finding
   */
  record OfFinding(Finding finding) implements Notice {}

  /**
   * A load record.
   *
   * @param load the record
   */
  record OfLoad(LoadRecord load) implements Notice {}

  /**
   * An alert.
   *
   * @param alert the alert
   */
  record OfAlert(Alert alert) implements Notice {}

  /** Which of them it is. */
  default Kind kind() {
    return switch (this) {
      case OfFinding _ -> Kind.FINDING;
      case OfLoad _ -> Kind.LOAD;
      case OfAlert _ -> Kind.ALERT;
    };
  }

  /**
   * When what it tells of happened, nanoseconds since the epoch; of an alert, the first of them.
   */
  default long timeNanos() {
    return switch (this) {
      case OfFinding(Finding finding) -> finding.event().timestampNanos();
      case OfLoad(LoadRecord load) -> load.timeNanos();
      case OfAlert(Alert alert) -> alert.firstNanos();
    };
  }

  /** The kinds. */
  enum Kind {
    /** A signature's verdict on an event, at once. */
    FINDING,
    /** One attempt to load or unload a module, as a whole. */
    LOAD,
    /** What the policy does not expect, repeats counted. */
    ALERT;

    /** What it is called in configuration and output. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The kind that {@code word} names, if it names one. */
    public static Optional<Kind> ofWord(String word) {
      return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst();
    }
  }
}

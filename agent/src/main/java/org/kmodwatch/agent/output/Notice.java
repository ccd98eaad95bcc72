package org.kmodwatch.agent.output;

import java.util.Locale;
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
  }
}

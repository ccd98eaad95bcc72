package org.kmodwatch.agent.alert;

import java.time.Duration;
import org.kmodwatch.agent.config.Key;
import org.kmodwatch.agent.config.Shape;
import org.kmodwatch.agent.config.Span;

/** Holds the configuration keys of alerts. */
public final class AlertConfig {

  /** Sets the window of repeats if the configuration has none. */
  public static final Duration DEFAULT_REPEAT_WINDOW = Duration.ofMinutes(10);

  /** Limits the window of repeats. */
  public static final Duration MAX_REPEAT_WINDOW = Duration.ofDays(7);

  /** Defines the key of the window in which repeats are counted and not reported. */
  public static final Key REPEAT_WINDOW =
      Key.optional(
          "repeat-window",
          new Shape.Time(Duration.ZERO, MAX_REPEAT_WINDOW),
          Span.text(DEFAULT_REPEAT_WINDOW),
          "How long the same alert is counted rather than told again; 0 tells each;"
              + " --repeat-window.");

  private AlertConfig() {}
}

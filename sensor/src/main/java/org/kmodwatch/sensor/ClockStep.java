package org.kmodwatch.sensor;

import java.time.Duration;
import java.time.Instant;

/**
 * A step of the clock: somebody set it.
 *
 * @param from the time that the clock would show if it had not been set
 * @param to the time that it shows instead
 */
public record ClockStep(Instant from, Instant to) {

  /** Returns the size of the step: negative if the clock was set back. */
  public Duration by() {
    return Duration.between(from, to);
  }
}

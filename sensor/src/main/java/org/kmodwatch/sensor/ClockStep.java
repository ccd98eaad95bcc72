package org.kmodwatch.sensor;

import java.time.Duration;
import java.time.Instant;

/**
 * That somebody set the clock.
 *
 * @param from what it would show if it had not been set
 * @param to what it shows instead
 */
public record ClockStep(Instant from, Instant to) {

  /** By how much it was set: negative if it was set back. */
  public Duration by() {
    return Duration.between(from, to);
  }
}

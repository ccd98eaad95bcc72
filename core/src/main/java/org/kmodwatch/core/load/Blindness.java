package org.kmodwatch.core.load;

import java.util.HashSet;
import java.util.Set;
import org.kmodwatch.core.event.SensorContexts;

/** Knows when the sensor did not see what the kernel accepts. */
final class Blindness {

  /** Why nobody knows what became of something. */
  static final String REASON =
      "the sensor was blind for what the kernel accepts: what became of it was not seen";

  /** The parts of the sensor without which nobody knows what became of a load. */
  private static final Set<String> PARTS = Set.of("lane loads", "rings");

  private final Set<String> blindParts = new HashSet<>();
  private long fromNanos = Long.MAX_VALUE;
  private long untilNanos = Long.MIN_VALUE;

  /**
   * Takes notice that a part stops or begins to see.
   *
   * @param nowNanos the time of the last tick; 0 if there was none
   * @return whether attempts may be affected that were not
   */
  boolean accept(LoadEvent.Sight sight, long nowNanos) {
    long nanos = nowNanos == 0 ? SensorContexts.steadyNanos(sight.event()) : nowNanos;
    if (!sight.lost()) {
      if (blindParts.remove(sight.part()) && blindParts.isEmpty()) {
        untilNanos = nanos;
      }
      return false;
    }
    if (!PARTS.contains(sight.part())) {
      return false;
    }
    blindParts.add(sight.part());
    fromNanos = nanos;
    untilNanos = Long.MAX_VALUE;
    return true;
  }

  /** When the sensor last became blind; the end of time if it never was. */
  long fromNanos() {
    return fromNanos;
  }

  /** Whether what began at {@code nanos} may have gone on unseen. */
  boolean mayAffect(long nanos) {
    return nanos < untilNanos;
  }
}

package org.kmodwatch.core.load;

import java.util.HashSet;
import java.util.Set;
import org.kmodwatch.core.event.SensorContexts;

/** Records when the sensor missed events of steps that the kernel accepts. */
final class Blindness {

  /** The reason that a gap has for an outcome that is not known. */
  static final String REASON =
      "the sensor was blind for what the kernel accepts: what became of it was not seen";

  /** The parts of the sensor that are necessary to know the outcome of a load. */
  private static final Set<String> PARTS = Set.of("lane loads", "rings");

  private final Set<String> blindParts = new HashSet<>();
  private long fromNanos = Long.MAX_VALUE;
  private long untilNanos = Long.MIN_VALUE;

  /**
   * Receives a report that a part of the sensor stops or begins to see events.
   *
   * @param nowNanos the time of the last tick; 0 before the first tick
   * @return whether attempts may be affected that were not affected before
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

  /** Returns when the sensor last became blind; {@link Long#MAX_VALUE} if it never was. */
  long fromNanos() {
    return fromNanos;
  }

  /** Returns whether events of an attempt that began at {@code nanos} may have been missed. */
  boolean mayAffect(long nanos) {
    return nanos < untilNanos;
  }
}

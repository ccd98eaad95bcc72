package org.kmodwatch.sensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps faults that are over as soon as they have happened for a while, so that they are reported.
 */
final class RecentFaults {

  /** How long a fault is kept after it last happened. */
  static final long KEPT_NANOS = 10_000_000_000L;

  private final Map<String, Recent> byPart = new LinkedHashMap<>();

  private record Recent(SensorFault fault, long lastNanos) {}

  /**
   * Notes a fault.
   *
   * @param nowNanos the time, by a clock that only goes forward
   * @return whether its part had no fault before
   */
  boolean happened(SensorFault fault, long nowNanos) {
    Recent before = byPart.get(fault.part());
    byPart.put(fault.part(), new Recent(before == null ? fault : before.fault(), nowNanos));
    return before == null;
  }

  /** Returns the faults that happened recently. */
  List<SensorFault> at(long nowNanos) {
    byPart.values().removeIf(recent -> nowNanos - recent.lastNanos() >= KEPT_NANOS);
    return byPart.values().stream().map(Recent::fault).toList();
  }
}

package org.kmodwatch.sensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Faults that are over as soon as they have happened: each is kept for a while, to be seen. */
final class RecentFaults {

  /** How long after it happened last. */
  static final long KEPT_NANOS = 10_000_000_000L;

  private final Map<String, Recent> byPart = new LinkedHashMap<>();

  private record Recent(SensorFault fault, long lastNanos) {}

  /**
   * Takes notice of one.
   *
   * @param nowNanos the time, by a clock that only goes forward
   * @return whether its part was well before
   */
  boolean happened(SensorFault fault, long nowNanos) {
    Recent before = byPart.get(fault.part());
    byPart.put(fault.part(), new Recent(before == null ? fault : before.fault(), nowNanos));
    return before == null;
  }

  /** Those that happened a while ago at most. */
  List<SensorFault> at(long nowNanos) {
    byPart.values().removeIf(recent -> nowNanos - recent.lastNanos() >= KEPT_NANOS);
    return byPart.values().stream().map(Recent::fault).toList();
  }
}

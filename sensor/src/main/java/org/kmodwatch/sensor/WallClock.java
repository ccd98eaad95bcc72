package org.kmodwatch.sensor;

import java.util.ArrayList;
import java.util.List;

/**
 * The times that the clock showed, by time since boot. All times of one attempt use the offset at
 * its call's entry. So they fit each other and give the same id, even if somebody sets the clock
 * while the call runs.
 *
 * <p>There is also a scale that nobody can set: time since boot, plus the offset at the creation of
 * this object. Timeouts and comparisons of events of several attempts use that scale.
 *
 * <p>Not thread-safe.
 */
final class WallClock {

  /**
   * The smallest step that is followed. A leap second is larger, the jitter of a reading is
   * smaller.
   */
  static final long STEP_NANOS = 1_000_000L;

  /**
   * How many settings are kept. If there were more, times before the oldest kept setting use that
   * setting's offset.
   */
  static final int MAX_SETTINGS = 8;

  private final List<Setting> settings;
  private final long steadyOffsetNanos;

  /**
   * A setting of the clock.
   *
   * @param fromBootNanos since when the clock is known to be set so, nanoseconds since boot
   * @param offsetNanos the difference between time since the epoch and time since boot
   */
  record Setting(long fromBootNanos, long offsetNanos) {}

  private WallClock(List<Setting> settings) {
    this.settings = new ArrayList<>(settings);
    this.steadyOffsetNanos = settings.getLast().offsetNanos();
  }

  /** Returns a clock that nobody has set since boot. */
  static WallClock of(long offsetNanos) {
    return new WallClock(List.of(new Setting(0, offsetNanos)));
  }

  /**
   * Returns the clock with the settings of the process before this one, and the current setting.
   *
   * @param left the settings that it knew, oldest first; may be empty
   */
  static WallClock after(List<Setting> left, long nowBootNanos, long offsetNanos) {
    if (left.isEmpty()) {
      return of(offsetNanos);
    }
    var clock = new WallClock(left);
    return clock.follow(nowBootNanos, offsetNanos) ? new WallClock(clock.settings) : clock;
  }

  /**
   * Notes the current setting of the clock.
   *
   * @return whether it was set since the last time
   */
  boolean follow(long nowBootNanos, long offsetNanos) {
    if (Math.abs(offsetNanos - settings.getLast().offsetNanos()) < STEP_NANOS) {
      return false;
    }
    settings.add(new Setting(nowBootNanos, offsetNanos));
    if (settings.size() > MAX_SETTINGS) {
      settings.removeFirst();
    }
    return true;
  }

  /** Returns the difference between the clock and the time since boot at a time. */
  long offsetAt(long bootNanos) {
    for (int i = settings.size() - 1; i > 0; i--) {
      if (settings.get(i).fromBootNanos() <= bootNanos) {
        return settings.get(i).offsetNanos();
      }
    }
    return settings.getFirst().offsetNanos();
  }

  /** Returns by how much the clock at that time is ahead of the scale that nobody can set. */
  long shiftAt(long bootNanos) {
    return offsetAt(bootNanos) - steadyOffsetNanos;
  }

  /** Returns a time since boot on the scale that nobody can set. */
  long steadyNanos(long bootNanos) {
    return bootNanos + steadyOffsetNanos;
  }

  /** Returns the kept settings, oldest first. */
  List<Setting> settings() {
    return List.copyOf(settings);
  }
}

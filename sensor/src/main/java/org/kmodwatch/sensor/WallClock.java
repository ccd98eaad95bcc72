package org.kmodwatch.sensor;

import java.util.ArrayList;
import java.util.List;

/**
 * What the set clock showed, by the time since boot. All times of one attempt are made with the
 * offset that was in force when its call was entered, so that they fit each other, and give the
 * same id, however often somebody sets the clock while the call runs.
 *
 * <p>Beside it there is a scale that nobody can set: time since boot, plus the offset of when this
 * was made. Whatever waits or compares events of several attempts goes by that one.
 *
 * <p>Not thread-safe.
 */
final class WallClock {

  /** A step smaller than this is not followed: a leap second is, the jitter of a look is not. */
  static final long STEP_NANOS = 1_000_000L;

  /** How many settings are kept; what began before the oldest of more has the oldest's offset. */
  static final int MAX_SETTINGS = 8;

  private final List<Setting> settings;
  private final long steadyOffsetNanos;

  /**
   * How the clock was set.
   *
   * @param fromBootNanos from when on it is known to have been set so, nanoseconds since boot
   * @param offsetNanos what to add to a time since boot to get one since the epoch
   */
  record Setting(long fromBootNanos, long offsetNanos) {}

  private WallClock(List<Setting> settings) {
    this.settings = new ArrayList<>(settings);
    this.steadyOffsetNanos = settings.getLast().offsetNanos();
  }

  /** A clock that nobody has set since boot. */
  static WallClock of(long offsetNanos) {
    return new WallClock(List.of(new Setting(0, offsetNanos)));
  }

  /**
   * The clock as the process before this one left it, as it is now.
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
   * Takes notice of how the clock is set now.
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

  /** What to add to a time since boot to get what the clock showed then. */
  long offsetAt(long bootNanos) {
    for (int i = settings.size() - 1; i > 0; i--) {
      if (settings.get(i).fromBootNanos() <= bootNanos) {
        return settings.get(i).offsetNanos();
      }
    }
    return settings.getFirst().offsetNanos();
  }

  /** By how much what the clock showed then is ahead of the scale that nobody can set. */
  long shiftAt(long bootNanos) {
    return offsetAt(bootNanos) - steadyOffsetNanos;
  }

  /** A time since boot on the scale that nobody can set. */
  long steadyNanos(long bootNanos) {
    return bootNanos + steadyOffsetNanos;
  }

  /** The settings that are kept, oldest first. */
  List<Setting> settings() {
    return List.copyOf(settings);
  }
}

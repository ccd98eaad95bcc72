package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.kmodwatch.sensor.kernel.BpfMap;
import org.kmodwatch.sensor.kernel.BpfMaps;

/** What user space tells the programs, and what it leaves to the one that comes after it. */
final class Control {

  private static final byte[] KEY = new byte[Integer.BYTES];

  private final BpfMap map;
  private final ByteBuffer value;

  /** What was told last: nobody else has any business to write there. */
  private ByteBuffer told;

  private boolean altered;

  Control(BpfMaps maps) {
    this.map = maps.map("control", Integer.BYTES, HeldLayout.CONTROL_BYTES);
    this.value =
        ByteBuffer.allocate(HeldLayout.CONTROL_BYTES)
            .order(ByteOrder.nativeOrder())
            .put(map.get(KEY))
            .clear();
    this.told = copyOf(value);
  }

  /** Which of the two lists of what is held back the programs write: 0 or 1. */
  int period() {
    return value.getInt(HeldLayout.CONTROL_PERIOD) & 1;
  }

  void setPeriod(int period) {
    value.putInt(HeldLayout.CONTROL_PERIOD, period);
    tell();
  }

  /** Says whose finit_module is a canary. */
  void setCanaryPid(int processId) {
    value.putInt(HeldLayout.CONTROL_CANARY_PID, processId);
    tell();
  }

  /** How the clock was set as the last one knew it, oldest first; none if there was no last one. */
  List<WallClock.Setting> clockSettings() {
    var settings = new ArrayList<WallClock.Setting>();
    for (int i = 0; i < WallClock.MAX_SETTINGS; i++) {
      int at = HeldLayout.CONTROL_CLOCK + i * HeldLayout.CLOCK_BYTES;
      long offsetNanos = value.getLong(at + HeldLayout.CLOCK_BOOT_TO_EPOCH_NANOS);
      if (offsetNanos != 0) {
        settings.add(
            new WallClock.Setting(value.getLong(at + HeldLayout.CLOCK_FROM_NANOS), offsetNanos));
      }
    }
    return settings;
  }

  void setClockSettings(List<WallClock.Setting> settings) {
    for (int i = 0; i < WallClock.MAX_SETTINGS; i++) {
      int at = HeldLayout.CONTROL_CLOCK + i * HeldLayout.CLOCK_BYTES;
      boolean known = i < settings.size();
      value.putLong(at + HeldLayout.CLOCK_FROM_NANOS, known ? settings.get(i).fromBootNanos() : 0);
      value.putLong(
          at + HeldLayout.CLOCK_BOOT_TO_EPOCH_NANOS, known ? settings.get(i).offsetNanos() : 0);
    }
    tell();
  }

  /** How many records of a lane the last one had done with. */
  long received(Lane lane) {
    return value.getLong(
        lane == Lane.ATTEMPTS
            ? HeldLayout.CONTROL_RECEIVED_ATTEMPTS
            : HeldLayout.CONTROL_RECEIVED_LOADS);
  }

  void setReceived(long attempts, long loads) {
    value.putLong(HeldLayout.CONTROL_RECEIVED_ATTEMPTS, attempts);
    value.putLong(HeldLayout.CONTROL_RECEIVED_LOADS, loads);
    tell();
  }

  /**
   * Puts back what was told last, if somebody else has written there: the map cannot be frozen,
   * since user space writes it.
   *
   * @return whether somebody had, since the last call
   */
  boolean putBack() {
    tell();
    boolean was = altered;
    altered = false;
    return was;
  }

  private void tell() {
    boolean isAsTold = map.get(KEY).equals(told);
    altered |= !isAsTold;
    if (!isAsTold || !value.equals(told)) {
      map.put(KEY, value.array());
      told = copyOf(value);
    }
  }

  private static ByteBuffer copyOf(ByteBuffer value) {
    return ByteBuffer.allocate(value.capacity())
        .order(value.order())
        .put(value.duplicate())
        .clear();
  }
}

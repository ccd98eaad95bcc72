package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.kmodwatch.sensor.kernel.BpfMap;
import org.kmodwatch.sensor.kernel.BpfMaps;

/**
 * The values that user space sets for the programs, and the state that it keeps for the next agent.
 */
final class Control {

  private static final byte[] KEY = new byte[Integer.BYTES];

  private final BpfMap map;
  private final ByteBuffer value;

  /** The value that this process last wrote. No other process should write there. */
  private ByteBuffer written;

  private boolean altered;

  Control(BpfMaps maps) {
    this.map = maps.map("control", Integer.BYTES, HeldLayout.CONTROL_BYTES);
    this.value =
        ByteBuffer.allocate(HeldLayout.CONTROL_BYTES)
            .order(ByteOrder.nativeOrder())
            .put(map.get(KEY))
            .clear();
    this.written = copyOf(value);
  }

  /** Returns the list of held-back records that the programs write: 0 or 1. */
  int period() {
    return value.getInt(HeldLayout.CONTROL_PERIOD) & 1;
  }

  void setPeriod(int period) {
    value.putInt(HeldLayout.CONTROL_PERIOD, period);
    tell();
  }

  /** Sets the process whose finit_module is a canary. */
  void setCanaryPid(int processId) {
    value.putInt(HeldLayout.CONTROL_CANARY_PID, processId);
    tell();
  }

  /**
   * Returns the settings of the clock that the last process knew, oldest first. Returns an empty
   * list if there was no last process.
   */
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

  /** Returns how many records of a lane the last process had finished. */
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
   * Restores the value that this process last wrote, if somebody else changed it. The map cannot be
   * frozen, because user space writes it.
   *
   * @return whether somebody changed it since the last call
   */
  boolean putBack() {
    tell();
    boolean was = altered;
    altered = false;
    return was;
  }

  private void tell() {
    boolean isUnchanged = map.get(KEY).equals(written);
    altered |= !isUnchanged;
    if (!isUnchanged || !value.equals(written)) {
      map.put(KEY, value.array());
      written = copyOf(value);
    }
  }

  private static ByteBuffer copyOf(ByteBuffer value) {
    return ByteBuffer.allocate(value.capacity())
        .order(value.order())
        .put(value.duplicate())
        .clear();
  }
}

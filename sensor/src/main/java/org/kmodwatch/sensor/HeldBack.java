package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.BpfMap;
import org.kmodwatch.sensor.kernel.BpfObject;

/**
 * Reads the lists of what was held back. There are two: the programs are told to write the other
 * one, and a while later, when none can be at it any more, this one is read and emptied. So no
 * count is lost, and each summary says exactly when its first and its last were.
 */
final class HeldBack {

  /** How often the lists are changed over, if anything was held back. */
  static final long PERIOD_NANOS = 10_000_000_000L;

  /** No program takes as long as this. */
  static final long REST_NANOS = 1_000_000_000L;

  private final BpfMap control;
  private final BpfMap even;
  private final BpfMap odd;
  private final int canaryPid;
  private int period;
  private long changedNanos;
  private boolean resting;
  private long heldAtChange;

  HeldBack(BpfObject object, int canaryPid) {
    this.control = object.map("control", Integer.BYTES, HeldLayout.CONTROL_BYTES);
    this.even = object.map("held_even", HeldLayout.KEY_BYTES, HeldLayout.VALUE_BYTES);
    this.odd = object.map("held_odd", HeldLayout.KEY_BYTES, HeldLayout.VALUE_BYTES);
    this.canaryPid = canaryPid;
    tell();
  }

  /**
   * Does what is due.
   *
   * @param held how many records have been held back so far
   */
  void tick(long nowNanos, long held, RecordDecoder decoder, Consumer<Event> sink) {
    if (resting) {
      if (nowNanos - changedNanos >= REST_NANOS) {
        resting = false;
        read(period == 0 ? odd : even, decoder, sink);
      }
    } else if (held != heldAtChange && nowNanos - changedNanos >= PERIOD_NANOS) {
      period ^= 1;
      tell();
      changedNanos = nowNanos;
      heldAtChange = held;
      resting = true;
    }
  }

  /** Reads both lists: no program runs any more. */
  int finish(RecordDecoder decoder, Consumer<Event> sink) {
    return read(period == 0 ? odd : even, decoder, sink)
        + read(period == 0 ? even : odd, decoder, sink);
  }

  private void tell() {
    ByteBuffer value = ByteBuffer.allocate(HeldLayout.CONTROL_BYTES).order(ByteOrder.nativeOrder());
    value.putInt(HeldLayout.CONTROL_PERIOD, period);
    value.putInt(HeldLayout.CONTROL_CANARY_PID, canaryPid);
    control.put(new byte[Integer.BYTES], value.array());
  }

  private static int read(BpfMap list, RecordDecoder decoder, Consumer<Event> sink) {
    List<Event> events = new ArrayList<>();
    list.drain((key, value) -> events.add(decoder.suppressed(key, value)));
    events.sort(java.util.Comparator.comparingLong(Event::timestampNanos));
    events.forEach(sink);
    return events.size();
  }
}

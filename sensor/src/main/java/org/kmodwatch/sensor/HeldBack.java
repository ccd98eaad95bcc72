package org.kmodwatch.sensor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.kernel.BpfMap;
import org.kmodwatch.sensor.kernel.BpfMaps;

/**
 * Reads the two lists of held-back records. The programs are switched to the other list. Later,
 * when no program can still write the first list, it is read and emptied. So no count is lost. Each
 * summary has the exact times of its first and last record.
 */
final class HeldBack {

  /** How often the lists are switched, if any record was held back. */
  static final long PERIOD_NANOS = 10_000_000_000L;

  /** The time to wait after a switch. No program runs as long as this. */
  static final long REST_NANOS = 1_000_000_000L;

  private final Control control;
  private final BpfMap even;
  private final BpfMap odd;
  private long changedNanos;
  private boolean resting;
  private long heldAtChange;

  HeldBack(BpfMaps maps, Control control) {
    this.control = control;
    this.even = maps.map("held_even", HeldLayout.KEY_BYTES, HeldLayout.VALUE_BYTES);
    this.odd = maps.map("held_odd", HeldLayout.KEY_BYTES, HeldLayout.VALUE_BYTES);
  }

  /**
   * Switches or reads the lists, if that is due.
   *
   * @param held how many records have been held back so far
   */
  void tick(long nowNanos, long held, RecordDecoder decoder, Consumer<Event> sink) {
    if (resting) {
      if (nowNanos - changedNanos >= REST_NANOS) {
        resting = false;
        read(resting(), decoder, sink);
      }
    } else if (held != heldAtChange && nowNanos - changedNanos >= PERIOD_NANOS) {
      control.setPeriod(control.period() ^ 1);
      changedNanos = nowNanos;
      heldAtChange = held;
      resting = true;
    }
  }

  /** Reads both lists at the end, when no program runs any more. */
  int finish(RecordDecoder decoder, Consumer<Event> sink) {
    return read(resting(), decoder, sink) + read(written(), decoder, sink);
  }

  private BpfMap written() {
    return control.period() == 0 ? even : odd;
  }

  private BpfMap resting() {
    return control.period() == 0 ? odd : even;
  }

  private static int read(BpfMap list, RecordDecoder decoder, Consumer<Event> sink) {
    List<Event> events = new ArrayList<>();
    list.drain((key, value) -> events.add(decoder.suppressed(key, value)));
    events.sort(Comparator.comparingLong(Event::timestampNanos));
    events.forEach(sink);
    return events.size();
  }
}

package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.kmodwatch.core.event.Event;

/** Prints how many events a second one thread joins; not a test, for a time is no verdict. */
@NullMarked
final class LoadTrackerThroughput {

  private LoadTrackerThroughput() {}

  /** Takes no arguments. */
  public static void main(String[] args) {
    for (int round = 0; round < 40; round++) {
      // Loads by 200 threads, their events interleaved.
      var calls = new ArrayList<Call>();
      for (int i = 0; i < 20_000; i++) {
        calls.add(Call.finit(1000 + i % 200, 1_000_000L * (i / 200)).file("/x.ko", i).loaded());
      }
      List<Event> events = new ArrayList<>();
      for (int block = 0; block < calls.size(); block += 200) {
        for (int step = 0; step < 6; step++) {
          for (Call call : calls.subList(block, block + 200)) {
            events.add(call.events.get(step));
          }
        }
      }
      long[] made = new long[1];
      var tracker =
          new LoadTracker(
              LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), (record, basis) -> made[0]++);
      long begin = System.nanoTime();
      for (Event event : events) {
        tracker.accept(event, List.of());
      }
      long nanos = System.nanoTime() - begin;
      System.out.printf(
          "%,d events, %,d records: %,.0f events/s%n",
          events.size(), made[0], events.size() * 1e9 / nanos);
    }
  }
}

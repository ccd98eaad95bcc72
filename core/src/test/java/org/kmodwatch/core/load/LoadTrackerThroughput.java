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
    // Loads by 200 threads at a time, their events interleaved. Few enough to stay in the
    // processor's cache, as they are when the sensor has just decoded them.
    var calls = new ArrayList<Call>();
    for (int i = 0; i < 400; i++) {
      calls.add(Call.finit(1000 + i % 200, 1_000_000L * (i / 200)).file("/x.ko", i).loaded());
    }
    List<Event> events = new ArrayList<>();
    for (int block = 0; block < calls.size(); block += 200) {
      int steps = calls.get(block).events.size();
      for (int step = 0; step < steps; step++) {
        for (Call call : calls.subList(block, block + 200)) {
          events.add(call.events.get(step));
        }
      }
    }
    long[] made = new long[1];
    for (int round = 0; round < 12; round++) {
      made[0] = 0;
      long begin = System.nanoTime();
      for (int time = 0; time < TIMES; time++) {
        var tracker =
            new LoadTracker(
                LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), (record, basis) -> made[0]++);
        for (Event event : events) {
          tracker.accept(event, List.of());
        }
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      long fed = (long) events.size() * TIMES;
      System.out.printf("%,d events, %,d records: %,.0f events/s%n", fed, made[0], fed / seconds);
    }
  }

  private static final int TIMES = 500;
}

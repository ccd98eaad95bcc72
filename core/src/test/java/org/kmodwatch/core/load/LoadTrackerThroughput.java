package org.kmodwatch.core.load;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.format.BadLine;
import org.kmodwatch.core.format.EventHandler;
import org.kmodwatch.core.format.EventReader;
import org.kmodwatch.core.format.ReadOptions;

/**
 * Prints how many events one thread joins in a second of processor time; not a test, for a time is
 * no verdict.
 */
@NullMarked
final class LoadTrackerThroughput {

  private LoadTrackerThroughput() {}

  /**
   * Takes a recording of the sensor's, such as events.ndjson of the lab's storm; without one, makes
   * events up.
   */
  public static void main(String[] args) throws IOException {
    List<Event> events = args.length > 0 ? recorded(Path.of(args[0])) : madeUp();
    int times = Math.max(1, 2_000_000 / events.size());
    long[] made = new long[1];
    for (int round = 0; round < 20; round++) {
      made[0] = 0;
      long begin = cpuNanos();
      for (int time = 0; time < times; time++) {
        var tracker =
            new LoadTracker(
                LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), (record, basis) -> made[0]++);
        for (Event event : events) {
          tracker.accept(event, List.of());
        }
        tracker.finish();
      }
      double seconds = (cpuNanos() - begin) / 1e9;
      long fed = (long) events.size() * times;
      System.out.printf("%,d events, %,d records: %,.0f events/s%n", fed, made[0], fed / seconds);
    }
  }

  /** Of this thread: what else runs on the machine does not count. */
  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static List<Event> recorded(Path file) throws IOException {
    var events = new ArrayList<Event>();
    try (InputStream in = Files.newInputStream(file)) {
      EventReader.read(
          in,
          file.toString(),
          ReadOptions.DEFAULT,
          new EventHandler() {
            @Override
            public void onEvent(Event event) {
              events.add(event);
            }

            @Override
            public void onBadLine(BadLine line) {
              throw new IllegalArgumentException(line.toString());
            }
          });
    }
    return events;
  }

  private static List<Event> madeUp() {
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
    return events;
  }
}

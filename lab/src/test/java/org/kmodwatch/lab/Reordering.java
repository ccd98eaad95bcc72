package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;

/**
 * Feeds the recorded events of a real run to the load tracker alone, in the order of the ring and
 * in random legal orders. Events of one thread stay in order; those of different threads are up to
 * 200 ms early or late.
 */
final class Reordering {

  private static final long JITTER_NANOS = 200_000_000L;

  private Reordering() {}

  static void assertSameRecords(GuestRecord guest, long seed) {
    Map<String, String> inOrder = records(guest.events());
    Map<String, String> reordered = records(shuffled(guest.events(), new Random(seed)));

    assertThat(inOrder.keySet())
        .containsExactlyInAnyOrderElementsOf(
            guest.loads().stream().map(load -> load.get("id").asString()).toList());
    assertThat(reordered).as("seed %d", seed).isEqualTo(inOrder);
  }

  private static Map<String, String> records(List<Event> events) {
    var records = new TreeMap<String, String>();
    var tracker =
        new LoadTracker(
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, "/sbin/modprobe"),
            (record, basis) ->
                assertThat(records.put(record.id(), LoadRecords.toValue(record).toString()))
                    .as("second record of %s", record.id())
                    .isNull());
    events.forEach(event -> tracker.accept(event, List.of()));
    tracker.finish();
    return records;
  }

  private static List<Event> shuffled(List<Event> events, Random random) {
    record Arrival(long nanos, int position, Event event) {}
    var lastOfThread = new HashMap<Integer, Long>();
    var arrivals = new ArrayList<Arrival>();
    long ring = 0;
    for (Event event : events) {
      // The ring has the real order. A call has the time of its beginning and arrives at its end.
      ring = Math.max(ring, event.timestampNanos());
      long nanos =
          Math.max(
              ring + random.nextLong(JITTER_NANOS),
              lastOfThread.getOrDefault(event.process().hostThreadId(), 0L));
      lastOfThread.put(event.process().hostThreadId(), nanos);
      arrivals.add(new Arrival(nanos, arrivals.size(), event));
    }
    arrivals.sort(Comparator.comparingLong(Arrival::nanos).thenComparingInt(Arrival::position));
    return arrivals.stream().map(Arrival::event).toList();
  }
}

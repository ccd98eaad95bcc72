package org.kmodwatch.core.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.kmodwatch.core.event.Event;

/**
 * Tests that the records do not depend on the order in which the events of different threads
 * arrive. {@code -Dkmodwatch.seed=N} sets another seed.
 */
@NullMarked
final class LoadTrackerOrderTest {

  @RepeatedTest(100)
  void anyOrderThatKeepsEachThreadsOwn_makesTheSameRecords(RepetitionInfo repetition) {
    long seed = Long.getLong("kmodwatch.seed", 20_261_122L) + repetition.getCurrentRepetition();
    var random = new Random(seed);
    List<Call> calls = calls(random);

    Set<String> inSequence = recordsOf(calls.stream().flatMap(c -> c.events.stream()).toList());
    Set<String> interleaved = recordsOf(interleave(calls, random));

    assertThat(interleaved).as("seed " + seed).isEqualTo(inSequence);
    assertThat(inSequence)
        .hasSize((int) calls.stream().filter(LoadTrackerOrderTest::isCall).count());
  }

  private static boolean isCall(Call call) {
    return !call.events.getFirst().eventName().endsWith("request");
  }

  private static List<Call> calls(Random random) {
    var calls = new ArrayList<Call>();
    int threads = 2 + random.nextInt(20);
    for (int thread = 1; thread <= threads; thread++) {
      long at = random.nextInt(1000);
      for (int i = random.nextInt(6); i >= 0; i--) {
        int inode = thread * 100 + i;
        switch (random.nextInt(10)) {
          case 0 -> calls.add(Call.init(thread, at).handOver().coming(0).returns(-13));
          case 1 -> calls.add(Call.finit(thread, at).file("/x", inode).handOver().returns(-8));
          case 2 -> calls.add(Call.delete(thread, at).free().returns(0));
          case 3 -> calls.add(Call.finit(thread, at).file("/x", inode).capabilities(0).returns(-1));
          case 4 -> calls.add(Call.init(thread, at).handOver().load().unreturned());
          case 5 -> {
            // One thread loads the module, others wait for that load.
            calls.add(
                Call.finit(thread, at)
                    .file("/x", inode)
                    .handOver()
                    .coming(0)
                    .load()
                    .returns(0, at + 50_000));
            for (int waiter = 0; waiter < 3; waiter++) {
              int other = 1000 + thread * 100 + i * 10 + waiter;
              calls.add(Call.finit(other, at + 10).file("/x", inode).returns(0, at + 50_010));
            }
          }
          case 6 -> {
            // The kernel starts modprobe, which loads two modules.
            String alias = "net-pf-" + inode;
            int modprobe = 5000 + thread * 100 + i;
            calls.add(Call.request(thread, at).uid(65534).asks(alias));
            for (int load = 1; load <= 2; load++) {
              calls.add(
                  Call.finit(modprobe, at + load * 20_000L)
                      .helperFor(alias, at + 5000)
                      .file("/m" + load, inode * 10L + load)
                      .loaded());
            }
          }
          case 7 ->
              calls.add(
                  Call.finit(thread, at)
                      .file("/x", inode)
                      .handOver()
                      .coming(0)
                      .load()
                      .free()
                      .initReturns(-19)
                      .returns(-19));
          default -> calls.add(Call.finit(thread, at).file("/x", inode).loaded());
        }
        at += 100_000 + random.nextInt(1000);
      }
    }
    return calls;
  }

  private static List<Event> interleave(List<Call> calls, Random random) {
    Map<Integer, ArrayDeque<Event>> byThread = new HashMap<>();
    for (Call call : calls) {
      byThread.computeIfAbsent(call.thread, t -> new ArrayDeque<>()).addAll(call.events);
    }
    List<ArrayDeque<Event>> left = new ArrayList<>(byThread.values());
    var events = new ArrayList<Event>();
    while (!left.isEmpty()) {
      int which = random.nextInt(left.size());
      events.add(left.get(which).removeFirst());
      if (left.get(which).isEmpty()) {
        left.remove(which);
      }
    }
    return events;
  }

  private static Set<String> recordsOf(List<Event> events) {
    var records = new TreeSet<String>();
    var tracker =
        new LoadTracker(
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, "/sbin/modprobe"),
            (record, basis) ->
                assertThat(records.add(LoadRecords.toValue(record).toString())).isTrue());
    events.forEach(event -> tracker.accept(event, List.of()));
    tracker.finish();
    return records;
  }
}

package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.sensor.ClockStep;
import org.kmodwatch.sensor.LeftBehind;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorStatistics;

class SensorWatchTest {

  private static final Instant START = Instant.parse("2026-11-24T20:00:00Z");
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");
  private static final SensorFault FTRACE = new SensorFault("ftrace", "kernel.ftrace_enabled=0");

  private long nowNanos = Long.MAX_VALUE - 5;
  private final List<Event> events = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final SensorWatch watch = new SensorWatch("wren", notes::add, () -> nowNanos);

  @Test
  void blindPart_isToldOnce_andAgainWhenItSees_withSinceWhen() {
    tick(0, List.of(FTRACE), 0);
    tick(1, List.of(FTRACE), 0);
    tick(2, List.of(), 0);

    assertThat(events)
        .extracting(Event::eventName)
        .containsExactly("sensor_blind", "sensor_recovered");
    assertThat(events).allSatisfy(event -> assertThat(event.hostName()).isEqualTo("wren"));
    assertThat(events.getLast().stringArgument("part")).contains("ftrace");
    assertThat(events.getLast().stringArgument("since")).contains("2026-11-24T20:00:00Z");
    assertThat(notes)
        .containsExactly(
            "blind: ftrace: kernel.ftrace_enabled=0",
            "sees again: ftrace, blind since 2026-11-24T20:00:00Z");
  }

  @Test
  void whatProgramsThatWereReplacedKept_isALossOfItsOwn() {
    events.addAll(watch.replaced(START, List.of(new LeftBehind(9, "others kept them"))));

    assertThat(events).extracting(Event::eventName).containsExactly("events_lost");
    assertThat(events.getFirst().argument("count")).contains(Value.of(9));
    assertThat(notes).containsExactly("lost 9: others kept them");
  }

  @Test
  void partThatGoesBlindAgain_isToldAgain() {
    tick(0, List.of(FTRACE), 0);
    tick(1, List.of(), 0);
    tick(2, List.of(FTRACE), 0);

    assertThat(events)
        .extracting(Event::eventName)
        .containsExactly("sensor_blind", "sensor_recovered", "sensor_blind");
  }

  @Test
  void losses_areToldAtOnce_andThenTogetherEveryTenSeconds() {
    tick(0, List.of(), 2);
    tick(1, List.of(), 5);
    tick(9, List.of(), 7);
    tick(10, List.of(), 9);
    events.addAll(watch.finish(START.plusSeconds(11), statistics(10)));

    assertThat(events).extracting(Event::eventName).containsOnly("events_lost");
    assertThat(events)
        .extracting(event -> event.argument("count").orElseThrow())
        .containsExactly(Value.of(2), Value.of(7), Value.of(1));
    assertThat(events.getFirst().argument("reasons"))
        .contains(
            Value.ofStrings(List.of("lane attempts: no room in the ring (2 since the start)")));
  }

  @Test
  void losses_areToldInTime_whenTheClockIsSetBack() {
    events.addAll(watch.tick(START, List.of(), statistics(2)));
    nowNanos += Duration.ofSeconds(10).toNanos();
    events.addAll(watch.tick(LONG_AGO, List.of(), statistics(7)));

    assertThat(events)
        .extracting(event -> event.argument("count").orElseThrow())
        .containsExactly(Value.of(2), Value.of(5));
  }

  @Test
  void clockThatIsSet_isAnEvent_withTheOldTimeAndTheNew() {
    events.addAll(
        watch.clockSet(List.of(new ClockStep(START, LONG_AGO), new ClockStep(LONG_AGO, START))));

    assertThat(events).extracting(Event::eventName).containsExactly("clock_set", "clock_set");
    Event back = events.getFirst();
    assertThat(back.timestampNanos()).isEqualTo(Inventory.nanos(LONG_AGO));
    assertThat(back.stringArgument("from")).contains("2026-11-24T20:00:00Z");
    assertThat(back.stringArgument("to")).contains("2020-01-01T00:00:00Z");
    assertThat(back.argument("byNanos"))
        .contains(Value.of(Duration.between(START, LONG_AGO).toNanos()));
    assertThat(notes)
        .containsExactly(
            "clock set back: from 2026-11-24T20:00:00Z to 2020-01-01T00:00:00Z",
            "clock set forward: from 2020-01-01T00:00:00Z to 2026-11-24T20:00:00Z");
  }

  @Test
  void recordsThatAreNotInTheRing_areALoss_byLane() {
    var lane = new SensorStatistics.OfLane(9, 4, 0, 0, 0, 0, 3, 2);
    var none = new SensorStatistics.OfLane(0, 0, 0, 0, 0, 0, 0, 0);
    events.addAll(
        watch.finish(START, new SensorStatistics(none, lane, 0, 0, 0, 0, 0, 0, 0, Map.of())));

    assertThat(notes)
        .containsExactly(
            "lost 5: lane loads: sent, and not in the ring (3 since the start);"
                + " left in the rings at the end (2 since the start)");
  }

  @Test
  void nothing_isTold_whereNothingHappens() {
    tick(0, List.of(), 0);
    events.addAll(watch.finish(START.plusSeconds(1), statistics(0)));

    assertThat(events).isEmpty();
  }

  private void tick(long seconds, List<SensorFault> faults, long lost) {
    long wasNanos = nowNanos;
    nowNanos += Duration.ofSeconds(seconds).toNanos();
    events.addAll(watch.tick(START.plusSeconds(seconds), faults, statistics(lost)));
    nowNanos = wasNanos;
  }

  private static SensorStatistics statistics(long lost) {
    return new SensorStatistics(
        new SensorStatistics.OfLane(lost, 0, 0, lost, 0, lost, 0, 0),
        new SensorStatistics.OfLane(0, 0, 0, 0, 0, 0, 0, 0),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        Map.of());
  }
}

package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.core.event.Event;

class OutputWatchTest {

  private static final Instant NOW = Instant.parse("2026-11-24T10:00:00Z");
  private static final Stall STALL =
      new Stall("standard output", NOW.minusSeconds(10), 36, "nobody reads it");
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final List<String> notes = new ArrayList<>();
  private final List<Event> events = new ArrayList<>();
  private final OutputWatch watch = new OutputWatch("host1", notes::add);

  private void tick(long second, List<Stall> stalls, long lost) {
    events.addAll(
        watch.tick(
            NOW.plusSeconds(second),
            second * SECOND.toNanos(),
            stalls,
            Map.of("standard output", lost)));
  }

  @Test
  void outputThatStands_isToldOnce_andSoIsItsEnd() {
    tick(0, List.of(), 0);
    tick(1, List.of(STALL), 0);
    tick(2, List.of(STALL), 5);
    assertThat(watch.stalled()).containsExactly(STALL);
    tick(3, List.of(), 5);

    assertThat(events)
        .extracting(Event::eventName)
        .containsExactly("output_stalled", "output_recovered", "events_lost");
    assertThat(events.getFirst().stringArgument("output")).contains("standard output");
    assertThat(events.getFirst().stringArgument("detail"))
        .contains("has accepted nothing since 2026-11-24T09:59:50Z, waiting=36: nobody reads it");
    assertThat(notes)
        .containsExactly(
            "output: standard output: has accepted nothing since 2026-11-24T09:59:50Z, waiting=36:"
                + " nobody reads it",
            "output: standard output: accepts again, had not since 2026-11-24T09:59:50Z",
            "lost 5: output standard output: not accepted (5 since the start)");
    assertThat(watch.stalled()).isEmpty();
  }

  @Test
  void losses_areToldAtMostEveryTenSeconds() {
    tick(1, List.of(), 3);
    tick(2, List.of(), 4);
    tick(10, List.of(), 5);
    tick(11, List.of(), 6);

    assertThat(events)
        .extracting(event -> event.argument("count").orElseThrow().toString())
        .hasSize(2);
    assertThat(notes)
        .containsExactly(
            "lost 3: output standard output: not accepted (3 since the start)",
            "lost 3: output standard output: not accepted (6 since the start)");
  }
}

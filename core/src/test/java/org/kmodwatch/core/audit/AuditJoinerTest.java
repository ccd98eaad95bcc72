package org.kmodwatch.core.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;

class AuditJoinerTest {

  private final AuditJoiner joiner = new AuditJoiner();
  private final List<Event> events = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  @Test
  void eventsWithLongTexts_endEarly_andNoneIsLost() {
    for (int i = 1; i <= 200; i++) {
      accept(call(i));
      accept(new AuditRecord.WorkingDirectory(id(i), "/" + "x".repeat(200_000)));
    }

    assertThat(joiner.open()).isLessThan(50);
    joiner.finish(listener());
    assertThat(events).hasSize(200);
  }

  @Test
  void titlesOfNoCall_areBoundedToo() {
    for (int i = 1; i <= 200; i++) {
      accept(new AuditRecord.Title(id(i), List.of("x".repeat(200_000)), false));
    }

    assertThat(joiner.open()).isLessThan(50);
  }

  @Test
  void textThatIsReplaced_countsNoLonger() {
    accept(call(1));
    for (int i = 1; i <= 200; i++) {
      accept(new AuditRecord.WorkingDirectory(id(1), "/" + "x".repeat(200_000)));
      accept(new AuditRecord.Module(id(1), "x".repeat(200_000)));
    }

    assertThat(joiner.open()).isEqualTo(1);
    assertThat(events).isEmpty();
  }

  private void accept(AuditRecord record) {
    joiner.accept(record, new AuditJoiner.Place("audit.log", 1), listener());
  }

  private AuditJoiner.Listener listener() {
    return new AuditJoiner.Listener() {
      @Override
      public void onEvent(Event event) {
        events.add(event);
      }

      @Override
      public void onProblem(AuditJoiner.Place place, String reason) {
        problems.add(reason);
      }
    };
  }

  private static AuditId id(int serial) {
    return new AuditId("", 1_000_000_000L, serial);
  }

  private static AuditRecord.Call call(int serial) {
    return new AuditRecord.Call(
        id(serial),
        "init_module",
        "",
        false,
        0L,
        List.of(1L, 2L, 3L, 4L),
        100 + serial,
        1,
        0,
        0L,
        0L,
        1L,
        "insmod",
        "/usr/bin/kmod");
  }
}

package org.kmodwatch.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.EventBuilder.event;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Loads;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;

class HiddenModulesTest {

  private static final Instant START = Instant.parse("2026-11-22T20:00:00Z");
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");
  private static final long START_NANOS = Long.MAX_VALUE - 5;
  private static final String EVIL_LINE = "evil 16384 0 - Live 0x0\n";

  @TempDir Path folder;
  private long nowNanos = START_NANOS;
  private final List<Event> found = new ArrayList<>();
  private FakeRoot root;
  private HiddenModules hidden;

  @BeforeEach
  void makeRoot() {
    root = FakeRoot.healthyIn(folder).with("sys/module/other/initstate", "live\n");
    hidden = new HiddenModules(folder, () -> nowNanos);
  }

  @Test
  void absentFromBothPlaces_atBothLooks_isHidden() {
    load("evil");
    tick(1000);
    assertThat(found).isEmpty();
    tick(2000);
    assertThat(found).hasSize(1);
    Event event = found.getFirst();
    assertThat(event.eventName()).isEqualTo("module_hidden");
    assertThat(event.timestampNanos()).isEqualTo(1_795_377_602_000_000_000L);
    assertThat(event.process().processName()).isEqualTo("insmod");
    assertThat(event.args())
        .containsExactly(
            new Argument("name", "string", Value.of("evil")),
            new Argument(
                "missingFrom",
                "[]string",
                Value.ofStrings(List.of("/proc/modules", "/sys/module"))),
            new Argument("loadId", "string", Value.of("id-evil")));
    assertThat(hidden.isPending()).isFalse();
  }

  @Test
  void hiddenModule_isFoundInTime_whenTheClockIsSetBack() {
    load("evil");
    nowNanos += Duration.ofSeconds(1).toNanos();
    hidden.tick(LONG_AGO, found::add);
    nowNanos += Duration.ofSeconds(1).toNanos();
    hidden.tick(LONG_AGO, found::add);
    assertThat(found).extracting(Event::eventName).containsExactly("module_hidden");
  }

  @Test
  void looks_areMadeOnlyWhenDue() {
    load("evil");
    tick(999);
    root.with("proc/modules", EVIL_LINE).with("sys/module/evil/initstate", "live\n");
    tick(5000);
    tick(10_000);
    assertThat(found).isEmpty();
  }

  @Test
  void absentFromOnePlace_isHiddenThere() {
    root.with("proc/modules", EVIL_LINE);
    load("evil");
    twoLooks();
    assertThat(found.getFirst().argument("missingFrom"))
        .contains(Value.ofStrings(List.of("/sys/module")));
  }

  @Test
  void absentFromDifferentPlaces_isNotHidden() {
    root.with("proc/modules", EVIL_LINE);
    load("evil");
    tick(1000);
    root.with("proc/modules", "").with("sys/module/evil/initstate", "live\n");
    tick(2000);
    assertThat(found).isEmpty();
  }

  @Test
  void moduleWhoseInitRuns_isShownAsLoading() {
    root.with("proc/modules", "evil 16384 1 - Loading 0x0 (OE+)\n")
        .with("sys/module/evil/initstate", "coming\n");
    load("evil");
    twoLooks();
    assertThat(found).isEmpty();
  }

  @Test
  void moduleThatIsGone_isNotHidden() {
    load("evil");
    hidden.event(event("module_free").with("name", "evil").build());
    twoLooks();
    load("evil");
    tick(3000);
    hidden.loaded(Loads.load("evil").unloaded().build(), null);
    tick(9000);
    assertThat(found).isEmpty();
  }

  @Test
  void secondModuleOfTheSameName_thatGoes_isNoCoverForTheFirst() {
    load("evil");
    hidden.event(event("module_load").with("name", "evil").build());
    hidden.event(event("module_free").with("name", "evil").build());
    hidden.loaded(Loads.load("evil").unloaded().build(), null);
    twoLooks();
    assertThat(found).hasSize(1);
  }

  @Test
  void otherModuleThatIsGone_changesNothing() {
    load("evil");
    hidden.event(event("module_free").with("name", "dummy").build());
    twoLooks();
    assertThat(found).hasSize(1);
  }

  @Test
  void refusedLoad_isNotLookedFor() {
    hidden.loaded(Loads.load("evil").refused().build(), null);
    assertThat(hidden.isPending()).isFalse();
  }

  @Test
  void placeThatCannotBeRead_saysNothing() {
    root.without("proc/modules").with("sys/module/evil/initstate", "live\n");
    load("evil");
    twoLooks();
    assertThat(found).isEmpty();
  }

  @Test
  void nameWithSlash_isLookedForAsTheKernelWritesIt() {
    root.with("proc/modules", "a/../b 1 0 - Live 0x0\n").with("sys/module/a!..!b/initstate", "x");
    load("a/../b");
    twoLooks();
    assertThat(found).isEmpty();
  }

  @Test
  void namesThatBeginAlike_areNotOneAnother() {
    root.with("proc/modules", "evil2 1 0 - Live 0x0\nnotevil 1 0 - Live 0x0\n");
    load("evil");
    twoLooks();
    assertThat(found).hasSize(1);
  }

  @Test
  void flood_isCutAndCounted() {
    for (int i = 0; i < HiddenModules.MAX_WAITING + 7; i++) {
      load("m" + i);
    }
    assertThat(hidden.unchecked()).isEqualTo(7);
    twoLooks();
    assertThat(found).hasSize(HiddenModules.MAX_WAITING);
  }

  private void load(String name) {
    LoadRecord record = Loads.load(name).build();
    hidden.loaded(record, event("finit_module").build());
  }

  private void twoLooks() {
    tick(1000);
    tick(2000);
  }

  private void tick(long millis) {
    nowNanos = START_NANOS + Duration.ofMillis(millis).toNanos();
    hidden.tick(START.plusMillis(millis), found::add);
  }
}

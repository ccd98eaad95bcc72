package org.kmodwatch.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.testing.LoadRecordBuilder;
import org.kmodwatch.sensor.LoadedModule;
import org.kmodwatch.sensor.LoadedModules;

class HiddenModulesTest {

  private static final Instant NOW = Instant.parse("2026-11-22T20:00:00Z");

  @TempDir Path folder;
  private final List<Event> found = new ArrayList<>();
  private final Kernel kernel = new Kernel();
  private FakeRoot root;
  private HiddenModules hidden;
  private long nanos;

  @BeforeEach
  void makeRoot() {
    root =
        FakeRoot.healthyIn(folder)
            .with("sys/module/other/initstate", "live\n")
            .with("sys/module/kernel/parameters/panic", "0\n");
    list("other 8192 0 - Live 0x0\n");
    hidden = new HiddenModules(folder, "host1", () -> nanos);
    tick();
  }

  @Test
  void module_isHidden_whenItIsMissingFromBothPlacesAtTwoLooks() {
    load(module("evil"));
    tick();
    assertThat(found).isEmpty();
    assertThat(hidden.isPending()).isTrue();
    tick();
    Event event = found.getFirst();
    assertThat(found).hasSize(1);
    assertThat(event.eventName()).isEqualTo("module_hidden");
    assertThat(event.timestampNanos()).isEqualTo(1_795_377_600_000_000_000L);
    assertThat(event.process().processName()).isEqualTo("insmod");
    assertThat(event.hostName()).isEqualTo("host1");
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
  void module_isReportedOnce() {
    load(module("evil"));
    ticks(20);
    assertThat(found).hasSize(1);
  }

  @Test
  void module_isReportedAgain_whenItGoesFromTheOtherPlaceToo() {
    root.with("sys/module/evil/initstate", "live\n");
    load(module("evil"));
    ticks(3);
    root.without("sys/module/evil/initstate").without("sys/module/evil");
    ticks(3);
    assertThat(missing()).containsExactly("/proc/modules", "/proc/modules,/sys/module");
  }

  @Test
  void module_isHidden_whenItHidesLongAfterItsLoad() {
    list("evil 16384 0 - Live 0x0\n");
    root.with("sys/module/evil/initstate", "live\n");
    load(module("evil"));
    ticks(100);
    assertThat(found).isEmpty();
    list("");
    root.without("sys/module/evil/initstate").without("sys/module/evil");
    ticks(2);
    assertThat(missing()).containsExactly("/proc/modules,/sys/module");
  }

  @Test
  void module_isNotHidden_whenItIsMissingFromDifferentPlaces() {
    list("evil 16384 0 - Live 0x0\n");
    load(module("evil"));
    tick();
    list("");
    root.with("sys/module/evil/initstate", "live\n");
    tick();
    assertThat(found).isEmpty();
  }

  @Test
  void looks_areMadeOnlyWhenDue() {
    load(module("evil"));
    tick(Duration.ofMillis(1999));
    assertThat(hidden.isPending()).isFalse();
    tick(Duration.ofMillis(1));
    assertThat(hidden.isPending()).isTrue();
    tick(Duration.ofMillis(999));
    assertThat(found).isEmpty();
    tick(Duration.ofMillis(1));
    assertThat(found).hasSize(1);
  }

  @Test
  void module_isNotHidden_whenItIsShownAsLoading() {
    list("evil 20480 1 - Loading 0x0 (OE+)\n");
    root.with("sys/module/evil/initstate", "coming\n");
    load(module("evil").in(LoadedModule.Progress.IN_CALL));
    ticks(200);
    assertThat(found).isEmpty();
  }

  @Test
  void module_isNotReported_whileItsCallGoesOn() {
    load(module("evil").in(LoadedModule.Progress.IN_CALL));
    tick();
    tick(Duration.ofSeconds(40));
    assertThat(found).isEmpty();
    kernel.modules.set(0, module("evil").build());
    tick();
    assertThat(found).hasSize(1);
  }

  @Test
  void module_isReported_whenItsCallGoesOnForAMinute() {
    load(module("evil").in(LoadedModule.Progress.IN_CALL));
    tick();
    tick(Duration.ofSeconds(61));
    assertThat(found).hasSize(1);
  }

  @Test
  void module_isReported_whenTheReturnOfItsCallMayNotBeSeen() {
    load(module("evil").in(LoadedModule.Progress.RETURN_MAY_NOT_BE_SEEN));
    ticks(4);
    assertThat(found).isEmpty();
    tick(Duration.ofSeconds(10));
    assertThat(found).hasSize(1);
  }

  @Test
  void finding_waitsForTheLoadRecord() {
    kernel.add(module("evil").build());
    ticks(3);
    assertThat(found).isEmpty();
    hidden.loaded(LoadRecordBuilder.load("evil").build(), event("finit_module").build());
    tick();
    assertThat(found.getFirst().process().processName()).isEqualTo("insmod");
  }

  @Test
  void finding_hasNoProcess_whenThereIsNoLoadRecord() {
    kernel.add(module("evil").build());
    tick(Duration.ofSeconds(2));
    tick();
    tick(Duration.ofSeconds(11));
    assertThat(found.getFirst().process().hostProcessId()).isZero();
    assertThat(found.getFirst().argument("loadId")).contains(Value.of("id-evil"));
  }

  @Test
  void finding_hasTheProcess_whenTheClockWasSetAndTheRecordHasAnotherId() {
    Event basis = event("finit_module").build();
    kernel.add(module("evil").by(basis.process().hostThreadId()).attempt("1-2").build());
    hidden.loaded(LoadRecordBuilder.load("evil").build(), basis);
    ticks(2);
    tick(Duration.ofSeconds(11));
    assertThat(found.getFirst().process().processName()).isEqualTo("insmod");
    assertThat(found.getFirst().argument("loadId")).contains(Value.of("id-evil"));
  }

  @Test
  void moduleThatIsGone_isNotHidden() {
    load(module("evil"));
    tick();
    kernel.remove(0);
    ticks(3);
    assertThat(found).isEmpty();
  }

  @Test
  void moduleThatGoesDuringTheLook_isNotHidden() {
    load(module("evil"));
    tick();
    // The list said that it is there as the look began.
    kernel.removeOnSecondQuestion();
    ticks(3);
    assertThat(found).isEmpty();
  }

  @Test
  void moduleThatComesBackAtTheSameAddress_isAnother() {
    load(module("evil"));
    tick();
    kernel.remove(0);
    load(module("evil").at(0x1000, 77));
    tick();
    assertThat(found).isEmpty();
    tick();
    assertThat(found).hasSize(1);
  }

  @Test
  void hiddenModule_isFound_whileOthersComeAndGoAllTheTime() {
    load(module("evil"));
    kernel.changesWithEachQuestion = true;
    ticks(2);
    assertThat(found).hasSize(1);
  }

  @Test
  void decoyOfTheSameName_isNoCover_whenSizeAndTaintsAreTheSame() {
    list("evil 16384 0 - Live 0x0 (OE)\n");
    root.with("sys/module/evil/initstate", "live\n");
    load(module("evil").attempt("id-evil-1").at(0x1000, 1));
    load(module("evil").attempt("id-evil-2").at(0x2000, 2));
    ticks(2);
    tick(Duration.ofSeconds(11));
    assertThat(missing()).containsExactly("/proc/modules,/sys/module");
    assertThat(found.getFirst().argument("loadId")).contains(Value.of("id-evil-1"));
  }

  @Test
  void decoyOfTheSameName_isToldFromTheOther_byItsSize() {
    list("fit 4096 0 - Live 0x0\nevil 16384 0 - Live 0x0 (OE)\n");
    root.with("sys/module/evil/initstate", "live\n").with("sys/module/fit/initstate", "live\n");
    load(module("fit").at(0x3000, 1).size(4096));
    load(module("evil").attempt("id-evil-1").at(0x1000, 2));
    load(module("evil").attempt("id-evil-2").at(0x2000, 3).size(20480));
    ticks(2);
    tick(Duration.ofSeconds(11));
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().argument("loadId")).contains(Value.of("id-evil-2"));
  }

  @Test
  void decoyOfTheSameName_isToldFromTheOther_byItsAddress() {
    list("evil 16384 0 - Live 0xffffffffc0001000 (OE)\n");
    root.with("sys/module/evil/initstate", "live\n");
    load(module("evil").attempt("id-evil-1").at(0x1000, 1).base(0xffffffffc0001000L));
    load(module("evil").attempt("id-evil-2").at(0x2000, 2).base(0xffffffffc0009000L));
    ticks(2);
    tick(Duration.ofSeconds(11));
    assertThat(found.getFirst().argument("loadId")).contains(Value.of("id-evil-2"));
  }

  @Test
  void lineWithoutTheModulesTaints_isNotItsOwn() {
    list("evil 16384 0 - Live 0x0\n");
    root.with("sys/module/evil/initstate", "live\n");
    load(module("evil").taints(1 << 13));
    ticks(2);
    assertThat(missing()).containsExactly("/proc/modules");
  }

  @Test
  void nameWithNewline_isNotHidden_whenItIsShown() {
    String name = "a\nb c,d";
    list(name + " 16384 0 - Live 0x0\nx 8192 1 " + name + ", Live 0x0\n");
    root.with("sys/module/x/initstate", "live\n").with("sys/module/a\nb c,d/initstate", "live\n");
    load(module(name));
    load(module("x").size(8192).at(2, 2));
    ticks(10);
    assertThat(found).isEmpty();
  }

  @Test
  void nameThatLooksLikeTheLineOfAnother_isNoCoverForIt() {
    String name = "x 1 0 - Live 0x0\nevil 16384 0 - Live 0x0\ny";
    list(name + " 16384 0 - Live 0x0\n");
    root.with("sys/module/evil/initstate", "live\n");
    kernel.add(module(name).at(2, 2).build());
    load(module("evil"));
    ticks(2);
    assertThat(missing()).containsExactly("/proc/modules");
  }

  @Test
  void placeThatCannotBeRead_saysNothing() {
    root.without("proc/modules").with("sys/module/evil/initstate", "live\n");
    load(module("evil"));
    ticks(3);
    assertThat(found).isEmpty();
  }

  @Test
  void nameWithSlash_isLookedForAsTheKernelWritesIt() {
    list("a/../b 16384 0 - Live 0x0\n");
    root.with("sys/module/a!..!b/initstate", "live\n");
    load(module("a/../b"));
    ticks(3);
    assertThat(found).isEmpty();
  }

  @Test
  void namesThatBeginAlike_areNotOneAnother() {
    list("evil2 1 0 - Live 0x0\nnotevil 1 0 - Live 0x0\n");
    load(module("evil"));
    ticks(2);
    assertThat(missing()).containsExactly("/proc/modules,/sys/module");
  }

  @Test
  void moduleFromBefore_isHidden_whenItHidesLater() {
    hidden.loaded(LoadRecordBuilder.load("other").build(), null);
    root.with("proc/modules", "").without("sys/module/other/initstate");
    root.without("sys/module/other");
    ticks(2);
    assertThat(missing()).containsExactly("/proc/modules,/sys/module");
    assertThat(found.getFirst().argument("loadId")).contains(Value.of("id-other"));
  }

  @Test
  void moduleFromBefore_isNotHidden_whenItWent() {
    kernel.gone.add("other");
    kernel.changes++;
    root.with("proc/modules", "").without("sys/module/other/initstate");
    root.without("sys/module/other");
    ticks(2);
    tick(Duration.ofSeconds(11));
    assertThat(found).isEmpty();
  }

  @Test
  void moduleFromBefore_isHidden_whenOnePlaceAloneShowsItAtTheStart() {
    root.with("sys/module/half/initstate", "live\n");
    tick();
    ticks(2);
    tick(Duration.ofSeconds(11));
    assertThat(missing()).containsExactly("/proc/modules");
    assertThat(found.getFirst().argument("name")).contains(Value.of("half"));
  }

  @Test
  void moduleThatIsShownAndWasNotSeenComeIn_isTakenIn_onlyWhenNothingChanges() {
    kernel.changesWithEachQuestion = true;
    list("passing 1 0 - Live 0x0\n");
    ticks(3);
    kernel.changesWithEachQuestion = false;
    list("");
    ticks(3);
    tick(Duration.ofSeconds(11));
    assertThat(found).isEmpty();
  }

  @Test
  void partOfTheKernel_isNoModule() {
    root.without("sys/module/kernel/parameters/panic").without("sys/module/kernel/parameters");
    root.without("sys/module/kernel");
    ticks(3);
    tick(Duration.ofSeconds(11));
    assertThat(found).isEmpty();
  }

  @Test
  void modulesThatTheListHasNoRoomFor_areCounted() {
    kernel.unlisted = 7;
    tick();
    assertThat(hidden.unchecked()).isEqualTo(7);
  }

  private void load(Module module) {
    kernel.add(module.build());
    hidden.loaded(LoadRecordBuilder.load(module.name).build(), event("finit_module").build());
  }

  private static Module module(String name) {
    return new Module(name);
  }

  private void list(String lines) {
    root.with("proc/modules", "other 8192 0 - Live 0x0\n" + lines);
  }

  private List<String> missing() {
    return found.stream()
        .map(e -> e.argument("missingFrom").orElseThrow())
        .map(places -> ((Value.Array) places).values())
        .map(places -> places.stream().map(place -> ((Value.Str) place).value()))
        .map(places -> places.collect(Collectors.joining(",")))
        .toList();
  }

  private void ticks(int times) {
    for (int i = 0; i < times; i++) {
      tick();
    }
  }

  private void tick() {
    tick(Duration.ofSeconds(2));
  }

  private void tick(Duration later) {
    nanos += later.toNanos();
    found.addAll(hidden.tick(kernel, NOW));
  }

  /** A module of 16 KiB, without taints, whose call has returned. */
  private static final class Module {

    private final String name;
    private String attempt;
    private long address = 0x1000;
    private long loaded = 1;
    private long base;
    private long size = 16384;
    private long taints;
    private int thread = 1;
    private LoadedModule.Progress progress = LoadedModule.Progress.RETURNED;

    Module(String name) {
      this.name = name;
      this.attempt = "id-" + name;
    }

    Module attempt(String id) {
      attempt = id;
      return this;
    }

    Module at(long newAddress, long loadedNanos) {
      address = newAddress;
      loaded = loadedNanos;
      return this;
    }

    Module base(long newBase) {
      base = newBase;
      return this;
    }

    Module size(long newSize) {
      size = newSize;
      return this;
    }

    Module taints(long newTaints) {
      taints = newTaints;
      return this;
    }

    Module by(int newThread) {
      thread = newThread;
      return this;
    }

    Module in(LoadedModule.Progress newProgress) {
      progress = newProgress;
      return this;
    }

    LoadedModule build() {
      return new LoadedModule(
          address, loaded, attempt, thread, name, name, base, size, taints, progress);
    }
  }

  /** The list that the programs keep. */
  private static final class Kernel implements LoadedModules {

    private final List<LoadedModule> modules = new ArrayList<>();
    private final List<String> gone = new ArrayList<>();
    private long changes;
    private long unlisted;
    private boolean changesWithEachQuestion;
    private int questionsUntilRemoval = -1;

    void add(LoadedModule module) {
      modules.add(module);
      changes++;
    }

    void remove(int index) {
      modules.remove(index);
      changes++;
    }

    void removeOnSecondQuestion() {
      questionsUntilRemoval = 2;
    }

    @Override
    public long changes() {
      if (changesWithEachQuestion) {
        changes++;
      }
      if (--questionsUntilRemoval == 0) {
        remove(0);
      }
      return changes;
    }

    @Override
    public Contents read() {
      var contents = new Contents(modules, gone);
      gone.clear();
      return contents;
    }

    @Override
    public long unlisted() {
      return unlisted;
    }
  }
}

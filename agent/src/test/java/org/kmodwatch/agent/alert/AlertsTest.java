package org.kmodwatch.agent.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;
import static org.kmodwatch.core.testing.LoadRecordBuilder.process;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.core.builtin.BuiltIn;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

class AlertsTest {

  private static final long SECOND = 1_000_000_000L;
  private static final Duration WINDOW = Duration.ofMinutes(10);

  private final List<Alert> told = new ArrayList<>();
  private final Alerts alerts = newAlerts(WINDOW);

  private Alerts newAlerts(Duration window) {
    return new Alerts(window, Catalogue.of(BuiltIn.signatures())::of, told::add);
  }

  private static LoadRecord unsigned(String name, int pid) {
    return load(name).by(process("insmod", pid, 0)).findings("TRC-1017", "KMW-1004").build();
  }

  @Test
  void load_alertsAtOnce_withTheMostSevereSignatureFirst() {
    alerts.load(load("x").findings("TRC-1017", "KMW-1001").build());

    assertThat(told).hasSize(1);
    Alert alert = told.getFirst();
    assertThat(alert.stage()).isEqualTo(Alert.Stage.FIRST);
    assertThat(alert.id()).isEqualTo("id-x");
    assertThat(alert.signatures())
        .extracting(SignatureMetadata::id)
        .containsExactly("KMW-1001", "TRC-1017");
    assertThat(alert.severity()).isEqualTo(3);
    assertThat(alert.count()).isEqualTo(1);
  }

  @Test
  void load_doesNotAlert_whenThePolicyExpectsIt_orNothingSpokeOnIt() {
    alerts.load(
        load("x")
            .findings("TRC-1017")
            .build()
            .withPolicy(new LoadRecord.Policy(Verdict.EXPECTED, "mine")));
    alerts.load(load("x").unloaded().build());

    assertThat(told).isEmpty();
    assertThat(alerts.raised()).isZero();
  }

  @Test
  void unload_alerts_whenARuleAsksForIt() {
    alerts.load(
        load("guard")
            .unloaded()
            .build()
            .withPolicy(new LoadRecord.Policy(Verdict.ALERT, "the guard must stay")));

    assertThat(told).hasSize(1);
    assertThat(told.getFirst().severity()).isZero();
  }

  @Test
  void repeats_areCountedAndSummedUp_whenTheWindowIsOver() {
    alerts.tick(0);
    alerts.load(unsigned("x", 1));
    for (int i = 1; i < 20; i++) {
      alerts.tick(i * SECOND);
      alerts.load(unsigned("x", 1 + i));
    }
    assertThat(told).hasSize(1);

    alerts.tick(WINDOW.toNanos());

    assertThat(told).hasSize(2);
    Alert summary = told.getLast();
    assertThat(summary.stage()).isEqualTo(Alert.Stage.SUMMARY);
    assertThat(summary.id()).isEqualTo(told.getFirst().id());
    assertThat(summary.count()).isEqualTo(20);
    assertThat(summary.subject()).isEqualTo(new Alert.Subject.OfLoad(unsigned("x", 20)));
    assertThat(alerts.raised()).isEqualTo(20);
  }

  @Test
  void afterTheWindow_theSameIsToldAgain() {
    alerts.tick(0);
    alerts.load(unsigned("x", 1));
    alerts.tick(WINDOW.toNanos());
    alerts.load(unsigned("x", 2));

    assertThat(told).extracting(Alert::stage).containsExactly(Alert.Stage.FIRST, Alert.Stage.FIRST);
  }

  @Test
  void alert_isAnotherOne_whenModuleRequesterOrOutcomeIsAnother() {
    alerts.load(unsigned("x", 1));
    alerts.load(unsigned("y", 1));
    alerts.load(load("x").by(process("evil", 1, 0)).findings("TRC-1017", "KMW-1004").build());
    alerts.load(load("x").by(process("insmod", 1, 7)).findings("TRC-1017", "KMW-1004").build());
    alerts.load(load("x").refused().findings("TRC-1017", "KMW-1004").build());
    alerts.load(load("x").findings("TRC-1017").build());

    assertThat(told).hasSize(6).allMatch(alert -> alert.stage() == Alert.Stage.FIRST);
  }

  @Test
  void heldBackAttempts_countAsManyAsTheyWere() {
    alerts.load(load(null).repeats(41).findings("TRC-1017").build());
    alerts.load(load(null).findings("TRC-1017").build());
    alerts.finish();

    assertThat(told).extracting(Alert::count).containsExactly(41L, 42L);
  }

  @Test
  void withoutAWindow_eachIsTold() {
    Alerts each = newAlerts(Duration.ZERO);
    each.load(unsigned("x", 1));
    each.load(unsigned("x", 2));
    each.finish();

    assertThat(told).hasSize(2);
  }

  @Test
  void findingOnALoad_isLeftToItsRecord_andOnTheSensorAlerts() {
    alerts.finding(
        new Finding(new KernelModuleLoading().metadata(), event("init_module").build(), null));
    SignatureMetadata blind =
        BuiltIn.signatures().stream()
            .map(signature -> signature.metadata())
            .filter(metadata -> metadata.eventName().equals("sensor_blinded"))
            .findFirst()
            .orElseGet(() -> BuiltIn.signatures().getLast().metadata());
    alerts.finding(new Finding(blind, event("sensor_blind").with("part", "hooks").build(), null));

    assertThat(told).hasSize(1);
    assertThat(told.getFirst().subject()).isInstanceOf(Alert.Subject.OfFinding.class);
    assertThat(told.getFirst().signatures()).containsExactly(blind);
  }

  @Test
  void timeThatGoesBackwards_neitherEndsAWindowNorKeepsItOpen() {
    alerts.tick(WINDOW.toNanos());
    alerts.load(unsigned("x", 1));
    alerts.tick(0);
    alerts.load(unsigned("x", 2));
    alerts.tick(2 * WINDOW.toNanos() - 1);
    assertThat(told).hasSize(1);
    alerts.tick(2 * WINDOW.toNanos());

    assertThat(told).extracting(Alert::count).containsExactly(1L, 2L);
  }

  @Test
  void whatIsKept_isBounded_howeverLongItsTexts() {
    alerts.tick(0);
    long before = usedHeap();
    for (int kind = 0; kind < 4 * Alerts.MAX_OPEN; kind++) {
      for (int turn = 0; turn < 2; turn++) {
        alerts.load(hostile(kind));
        told.clear();
      }
    }
    assertThat(alerts.openBytes()).isLessThanOrEqualTo(Alerts.MAX_BYTES);
    assertThat(usedHeap() - before).isLessThan(2 * Alerts.MAX_BYTES);
    assertThat(alerts.openBytes()).isGreaterThan(Alerts.MAX_BYTES / 2);
  }

  @Test
  void summary_hasTheLastSubject_itsLongTextsCut() {
    alerts.tick(0);
    alerts.load(hostile(1));
    alerts.load(hostile(1));
    alerts.finish();

    assertThat(told.getFirst().subject()).isEqualTo(new Alert.Subject.OfLoad(hostile(1)));
    Alert.Subject.OfLoad last = (Alert.Subject.OfLoad) told.getLast().subject();
    assertThat(last.record().loader()).isNotNull();
    assertThat(last.record().loader().exe()).startsWith("/tmp/1/xxx").hasSize(256).endsWith("…");
    assertThat(last.record().loader().args()).hasSize(16);
    assertThat(last.record().gaps()).containsExactly(Shortened.GAP);
    assertThat(last.record().id()).isEqualTo("id-m1");
  }

  @Test
  void summaryOfAFinding_hasItsLongTextsCut() {
    SignatureMetadata any = BuiltIn.signatures().getLast().metadata();
    for (int i = 0; i < 2; i++) {
      alerts.finding(
          new Finding(
              any,
              event("mine")
                  .build()
                  .withArgs(
                      List.of(
                          new Argument("text", "string", Value.of("y".repeat(100_000))),
                          new Argument(
                              "list",
                              "[]string",
                              Value.ofStrings(Collections.nCopies(1000, "z"))))),
              null));
    }
    alerts.finish();

    Alert.Subject.OfFinding last = (Alert.Subject.OfFinding) told.getLast().subject();
    assertThat(last.finding().event().stringArgument("text").orElseThrow()).hasSize(256);
    assertThat(last.finding().event().argument("list"))
        .contains(Value.ofStrings(Collections.nCopies(16, "z")));
  }

  /** About 20 KiB. */
  @Test
  void whatARecordingSaysOfContainersAndSignatures_isBoundedToo() {
    alerts.tick(0);
    long before = usedHeap();
    for (int kind = 0; kind < 200; kind++) {
      for (int turn = 0; turn < 2; turn++) {
        alerts.load(inAContainerWithLongNames(kind));
        alerts.finding(aFindingInAContainerWithLongNames(kind));
        told.clear();
      }
    }

    assertThat(usedHeap() - before).isLessThan(2 * Alerts.MAX_BYTES);
    assertThat(alerts.openBytes()).isPositive();
  }

  private static LoadRecord inAContainerWithLongNames(int kind) {
    return load("m" + kind)
        .in(containerWithLongNames(), podWithLongNames())
        .intree(
            "hash-of-" + kind,
            new LoadRecord.ModuleSignature(
                LoadRecord.ModuleSignature.Status.VALID, longText(), longText(), longText()))
        .from(
            "/lib/m.ko",
            LoadRecord.Place.DISTRIBUTION,
            new LoadRecord.PackageOwner(longText(), longText(), longText(), false))
        .findings("TRC-1017", "KMW-1004")
        .build();
  }

  private static Finding aFindingInAContainerWithLongNames(int kind) {
    return new Finding(
        BuiltIn.signatures().getLast().metadata(),
        event("mine" + kind)
            .inContainer(containerWithLongNames(), podWithLongNames(), false)
            .build(),
        null);
  }

  private static ContainerContext containerWithLongNames() {
    return new ContainerContext(longText(), longText(), "image", longText(), longText());
  }

  private static KubernetesContext podWithLongNames() {
    return new KubernetesContext(longText(), "namespace", longText(), null);
  }

  private static String longText() {
    return "x".repeat(20_000);
  }

  private static LoadRecord hostile(int kind) {
    return load("m" + kind)
        .by(
            new LoadRecord.ProcessDetails(
                1,
                1,
                1,
                1,
                "evil",
                "/tmp/" + kind + "/" + "x".repeat(4000),
                Collections.nCopies(100, "a".repeat(150)),
                1000,
                null,
                null,
                null,
                List.of(),
                0,
                Map.of(),
                "/" + "c".repeat(1000),
                List.of()))
        .findings("TRC-1017", "KMW-1004")
        .build();
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void whatIsTold_addsUpToWhatWasRaised_inAnyOrder() {
    long seed = 1017;
    var random = new Random(seed);
    long raised = 0;
    for (int i = 0; i < 20_000; i++) {
      if (random.nextInt(4) == 0) {
        alerts.tick(random.nextLong(40 * WINDOW.toNanos()));
      }
      int repeats = 1 + random.nextInt(3);
      // More kinds than are remembered at once.
      raised += repeats;
      alerts.load(
          load("m" + random.nextInt(6000))
              .id("id-" + i)
              .findings("TRC-1017")
              .repeats(repeats)
              .build());
    }
    alerts.finish();

    Map<String, Long> last = new HashMap<>();
    told.forEach(alert -> last.put(alert.id(), alert.count()));
    assertThat(last.values().stream().mapToLong(Long::longValue).sum())
        .as("seed %d", seed)
        .isEqualTo(raised)
        .isEqualTo(alerts.raised());
    assertThat(alerts.emitted()).isEqualTo(told.size());
  }
}

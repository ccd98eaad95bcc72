package org.kmodwatch.agent.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.EventBuilder.event;
import static org.kmodwatch.agent.Loads.load;
import static org.kmodwatch.agent.Loads.process;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signatures.BuiltIn;
import org.kmodwatch.core.signatures.KernelModuleLoading;

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
    assertThat(alerts.told()).isEqualTo(told.size());
  }
}

package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.kmodwatch.core.event.Event;
import tools.jackson.databind.JsonNode;

/**
 * Sets {@code kernel.ftrace_enabled=0} for ten seconds, with loads inside, while the clock is set
 * years back. The agent must report this at once, and the remaining hooks must report the loads. It
 * must also report a module that hides then. A slow load during which the clock is corrected must
 * be one record.
 */
@ParameterizedClass(name = "kernel {0}")
@MethodSource("org.kmodwatch.lab.TestKernels#few")
final class BlindedIT {

  private static final long SECOND = 1_000_000_000L;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static GuestRecord guest;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<String> log;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<String> agentLog;

  private static long offNanos;
  private static long onNanos;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  @Parameter
  String kernel;

  @BeforeParameterizedClassInvocation
  static void boot(String kernel) throws IOException {
    LabRun run = LabRun.of(kernel, Resources.text("blinded.sh"));
    for (String module : List.of("kw_plain", "kw_params", "kw_initfail", "kw_hide", "kw_slow")) {
      run = run.withFile(Lab.testModule(kernel, module));
    }
    LabResult result = Boots.run(run);
    assertThat(result.exitStatus()).isZero();
    guest = GuestRecord.of(kernel, result);
    log = Files.readAllLines(result.guestLog(), StandardCharsets.ISO_8859_1);
    agentLog = Files.readAllLines(result.agentLog(), StandardCharsets.UTF_8);
    for (String line : log) {
      if (line.startsWith("off ")) {
        offNanos = Long.parseLong(line.substring("off ".length()));
      } else if (line.startsWith("on ")) {
        onNanos = Long.parseLong(line.substring("on ".length()));
      }
    }
    List<String> inside = List.of("from-file", "from-memory", "int80", "init-fails");
    Figures.write(
        "blinded",
        kernel,
        "ftrace off for %.0f s: told after %.2f s"
            .formatted(
                (onNanos - offNanos) / 1e9,
                (blinding().at("/Event/Payload/timestamp").asLong() - offNanos) / 1e9),
        "%d of %d loads meanwhile with TRC-1017"
            .formatted(
                inside.stream().filter(n -> !guest.findingsOf(n, "TRC-1017").isEmpty()).count(),
                inside.size()));
  }

  private static JsonNode blinding() {
    return guest.findings("KMW-1012").stream()
        .filter(f -> f.at("/Event/Payload/args/0/value").asString().equals("ftrace"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void blinding_isAFindingWithinTwoSeconds() {
    JsonNode finding = blinding();

    assertThat(finding.at("/Event/Payload/timestamp").asLong())
        .isBetween(offNanos, offNanos + 2 * SECOND);
    assertThat(finding.at("/Event/Payload/args/1/value").asString())
        .contains("kernel.ftrace_enabled=0");
  }

  @Test
  void canary_noticesByItself_thatCallsAreNotSeen() {
    assertThat(guest.findings("KMW-1012"))
        .extracting(f -> f.at("/Event/Payload/args/0/value").asString())
        .containsExactlyInAnyOrder("ftrace", "calls");
  }

  @Test
  void health_saysSoToWhoeverAsks() {
    assertThat(log)
        .contains(
            "healthz before {\"status\":\"ok\",\"troubles\":[]}",
            "healthz meanwhile wget: server returned error: HTTP/1.1 503 Service Unavailable",
            "healthz after {\"status\":\"ok\",\"troubles\":[]}",
            "metrics meanwhile kmodwatch_sensor_blind{part=\"ftrace\"} 1.0",
            "metrics meanwhile kmodwatch_sensor_blind{part=\"calls\"} 1.0")
        .noneMatch(line -> line.startsWith("metrics after kmodwatch_sensor_blind"));
  }

  @Test
  void metrics_areThoseOfTheLedger_forThisMachineOnly() {
    assertThat(log)
        .contains(
            "metrics before kmodwatch_load_records_total{outcome=\"loaded\"} 1.0",
            "metrics before kmodwatch_findings_total{signature=\"TRC-1017\"} 1.0",
            "metrics after kmodwatch_load_records_total{outcome=\"loaded\"} 4.0",
            "metrics after kmodwatch_load_records_total{outcome=\"failed\"} 1.0",
            "metrics after kmodwatch_sensor_lost_total{lane=\"loads\",reason=\"ring_full\"} 0.0");
    assertThat(log.stream().filter(line -> line.startsWith("listening ")))
        .singleElement()
        .asString()
        .matches("listening (0100007F|0000000000000000FFFF00000100007F):24F8");
  }

  @Test
  void recovery_isTold() {
    List<Event> recovered =
        guest.events().stream()
            .filter(event -> event.eventName().equals("sensor_recovered"))
            .toList();

    assertThat(recovered).hasSize(2);
    assertThat(recovered)
        .allSatisfy(event -> assertThat(event.timestampNanos()).isGreaterThan(onNanos));
  }

  @Test
  void loadsMeanwhile_haveTheirFindingAndWhoAndWhat() {
    Map<String, String> paths =
        Map.of(
            "from-file",
            "/root/kw_plain.ko",
            "int80",
            "/root/kw_plain.ko",
            "init-fails",
            "/root/kw_initfail.ko");
    for (String name : List.of("from-file", "from-memory", "int80", "init-fails")) {
      JsonNode load = guest.load(name);

      assertThat(load.get("findings").toString()).as(name).contains("TRC-1017", "KMW-1008");
      assertThat(guest.findingsOf(name, "TRC-1017")).as(name).hasSize(1);
      assertThat(load.at("/loader/hostPid").asInt()).isEqualTo(guest.theCase(name).pid());
      assertThat(load.at("/loader/args/0").asString()).isEqualTo("kwload");
      assertThat(load.get("outcome").asString())
          .as(name)
          .isEqualTo(name.equals("init-fails") ? "failed" : "loaded");
      assertThat(load.at("/route/syscall").asString())
          .as(name)
          .isEqualTo(name.equals("from-memory") ? "init_module" : "finit_module");
      assertThat(load.at("/route/abi").asString())
          .as(name)
          .isEqualTo(name.equals("int80") ? "compat" : "native");
      assertThat(load.at("/file/path").asString(""))
          .as(name)
          .isEqualTo(paths.getOrDefault(name, ""));
      assertThat(load.get("gaps").toString()).as(name).contains("route.syscall", "returnValue");
      assertThat(load.at("/module/taints").toString())
          .as(name)
          .contains("\"OUT_OF_TREE\"", "\"UNSIGNED\"");
      assertThat(load.get("findings").toString()).as(name).contains("KMW-1004");
      if (!name.equals("from-memory")) {
        assertThat(load.get("gaps").toString())
            .as(name)
            .contains("{\"field\":\"file\",\"why\":\"it was looked for only after");
      }
    }
    assertThat(guest.load("init-fails").get("codeMayHaveRun").asBoolean()).isTrue();
  }

  @Test
  void clockThatIsSet_isAnEvent() {
    List<Event> set =
        guest.events().stream().filter(event -> event.eventName().equals("clock_set")).toList();

    assertThat(set)
        .extracting(event -> event.stringArgument("to").orElse("").substring(0, 4).equals("2020"))
        .containsExactly(true, false);
    assertThat(set.getFirst().timestampNanos()).isLessThan(offNanos);
    assertThat(agentLog)
        .anyMatch(line -> line.contains("clock set back: from "))
        .anyMatch(line -> line.contains("clock set forward: from 2020-"));
  }

  @Test
  void moduleThatHides_whileTheClockIsSetBack_isFound() {
    assertThat(guest.findings("KMW-1009"))
        .singleElement()
        .extracting(finding -> finding.at("/Event/Payload/args/0/value").asString())
        .isEqualTo("kw_hide");
  }

  @Test
  void slowLoad_duringWhichTheClockIsSet_isOneRecord() {
    List<JsonNode> slow =
        guest.loads().stream()
            .filter(load -> load.at("/module/name").asString("").equals("kw_slow"))
            .toList();

    assertThat(slow).hasSize(1);
    JsonNode load = guest.load("slow");
    assertThat(load.get("outcome").asString()).isEqualTo("loaded");
    assertThat(load.get("time").asString()).startsWith("2020-");
    assertThat(load.get("durationNs").asLong()).isBetween(3 * SECOND, 60 * SECOND);
    assertThat(load.has("gaps")).isFalse();
    assertThat(guest.findingsOf("slow", "TRC-1017")).hasSize(1);
  }

  @Test
  void unloadMeanwhile_isOneRecord() {
    JsonNode unload = guest.load("delete-from-file");

    assertThat(unload.get("outcome").asString()).isEqualTo("unloaded");
    assertThat(unload.at("/module/name").asString()).isEqualTo("kw_plain");
    assertThat(unload.at("/route/syscall").asString()).isEqualTo("delete_module");
  }

  @Test
  void beforeAndAfter_nothingIsMissing() {
    for (String name : List.of("before", "delete-before", "after")) {
      assertThat(guest.load(name).has("gaps")).as(name).isFalse();
    }
    assertThat(guest.ledger().at("/sensor/lost").asLong()).isZero();
  }
}

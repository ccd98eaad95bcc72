package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Tests rings that drop records, rings that are overwritten, and maps that are full, under a sensor
 * with the service's capabilities. All of this must be detected and named, and no load may be
 * reported wrongly. {@code -Dkmodwatch.kernels=6.1,6.12} selects more kernels.
 */
@Guest(
    script = "rings.sh",
    modules = {"kw_plain", "kw_params", "kw_export", "kw_initfail", "kw_ringdrop"},
    agent = GuestAgent.AT_HAND,
    kernels = Guest.Kernels.NEWEST)
final class RingsIT {

  private static final int FIRST_STRANGER = 100_000;
  private static final int LAST_STRANGER = 106_000;

  private final List<String> log;
  private final List<JsonNode> loads;
  private final List<JsonNode> findings;
  private final JsonNode sensor;

  RingsIT(LabResult result) throws IOException {
    log = Files.readAllLines(result.guestLog(), StandardCharsets.ISO_8859_1);
    Path out = result.out();
    loads = JsonLines.of(out.resolve("rings.ndjson"));
    findings = JsonLines.of(out.resolve("rings-findings.ndjson"));
    sensor =
        new ObjectMapper()
            .readTree(Files.readString(out.resolve("rings-ledger.json")))
            .get("sensor");
  }

  @Test
  void recordsAtTheEndOfAStream_thatAreNotInTheRing_areNoticed_byLane() {
    assertThat(parts()).contains("lane loads", "lane attempts");
    assertThat(log)
        .anyMatch(
            line -> line.matches("blind: lane loads: sent, and not in the ring: records=\\d+"))
        .anyMatch(
            line -> line.matches("blind: lane attempts: sent, and not in the ring: records=2"))
        .anyMatch(line -> line.matches("lost \\d+: .*lane loads: sent, and not in the ring .*"));
    assertThat(finding("KMW-1011")).isNotEmpty();
    assertThat(sensor.at("/lostByReason/missing").asLong()).isGreaterThan(7);
  }

  @Test
  void loadOfWhichTheLaneOfLoadsHadNothing_hasNoOutcome() {
    JsonNode load = load("kw_params");

    assertThat(load.has("outcome")).isFalse();
    assertThat(load.get("gaps").toString()).contains("\"outcome\"");
    assertThat(load.get("findings").toString()).contains("TRC-1017");
  }

  @Test
  void attemptsOfManyNewUsers_areSummedUp_andEachIsCounted() {
    List<JsonNode> single = loads.stream().filter(RingsIT::isStrangers).toList();
    List<JsonNode> summed = loads.stream().filter(load -> !load.get("loader").has("uid")).toList();

    assertThat(single).hasSizeBetween(1000, 3000);
    assertThat(summed).hasSizeLessThan(20);
    assertThat(summed.getFirst().get("reason").asString())
        .startsWith("held back, since too many users and cgroups that made none before");
    assertThat(single.size() + summed.stream().mapToLong(l -> l.get("repeats").asLong()).sum())
        .isEqualTo(6000);
  }

  @Test
  void loadAfterImagesThatWereHeldBack_hasItsOwnImage_andWhatItSays() {
    JsonNode load = load("kw_export");

    assertThat(load.at("/image/source").asString()).isEqualTo("kernel");
    assertThat(load.at("/image/complete").asBoolean()).isTrue();
    assertThat(load.at("/image/signature/status").asString()).isEqualTo("unsigned");
    assertThat(load.at("/module/license").asString()).isEqualTo("GPL");
  }

  @Test
  void fullMap_isNamed_andNothingElseIsBlamed() {
    JsonNode load = load("kw_plain");

    assertThat(load.get("outcome").asString()).isEqualTo("loaded");
    assertThat(load.get("findings").toString()).contains("TRC-1017").doesNotContain("KMW-1008");
    assertThat(load.get("gaps").toString())
        .contains("no work space was free in the kernel")
        .doesNotContain("route.syscall");
    assertThat(parts()).contains("work space").doesNotContain("calls");
    assertThat(sensor.get("crowdedOut").asLong()).isPositive();
  }

  @Test
  void ringsThatWereWrittenOver_areNoticed_andNoLoadIsSaidToHaveFailed() {
    assertThat(parts()).contains("rings");
    assertThat(log).anyMatch(line -> line.startsWith("blind: rings: "));
    assertThat(
            loads.stream().filter(load -> load.at("/loader/args/1").asString("").equals("storm")))
        .allSatisfy(
            load -> assertThat(load.path("outcome").asString("")).isIn("", "loaded", "unloaded"));
    assertThat(load("kw_initfail").get("outcome").asString()).isEqualTo("failed");
    assertThat(load("kw_initfail").at("/image/complete").asBoolean()).isTrue();
  }

  @Test
  void sensor_endsInSeconds_underAFlood() {
    assertThat(log)
        .filteredOn(line -> line.startsWith("ended "))
        .singleElement()
        .asString()
        .matches("ended 0 after (\\d|1\\d) s");
  }

  private static boolean isStrangers(JsonNode load) {
    return load.at("/loader/uid").asLong(0) >= FIRST_STRANGER
        && load.at("/loader/uid").asLong() < LAST_STRANGER;
  }

  private JsonNode load(String module) {
    return loads.stream()
        .filter(load -> load.get("action").asString().equals("load"))
        .filter(
            load ->
                load.at("/module/name").asString("").equals(module)
                    || load.at("/file/path").asString("").endsWith("/" + module + ".ko"))
        .findFirst()
        .orElseThrow();
  }

  private List<String> parts() {
    return finding("KMW-1012").stream()
        .map(finding -> finding.at("/Event/Payload/args/0/value").asString())
        .toList();
  }

  private List<JsonNode> finding(String id) {
    return findings.stream().filter(f -> f.at("/SigMetadata/ID").asString().equals(id)).toList();
  }
}

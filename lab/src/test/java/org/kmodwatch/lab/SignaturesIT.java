package org.kmodwatch.lab;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Tests each signature on the load record on a real kernel, and the ordinary loads that must raise
 * no finding.
 */
@Guest(
    script = "attacks.sh",
    modules = {"kw_plain", "kw_paramrefuse", "kw_initfail", "kw_hide", "kw_nested"})
record SignaturesIT(GuestRecord guest) {

  @Test
  void everyLoad_raisesExactlyTheFindingsOfItsWay() {
    // Our own modules are unsigned: each that runs raises KMW-1004.
    var expected =
        Map.ofEntries(
            entry("distribution", List.of("TRC-1017")),
            entry("updates", List.of("TRC-1017", "KMW-1004")),
            entry("elsewhere", List.of("TRC-1017", "KMW-1004")),
            entry("from-memory", List.of("TRC-1017", "KMW-1001", "KMW-1004")),
            entry("from-memfd", List.of("TRC-1017", "KMW-1002", "KMW-1004")),
            entry("from-deleted", List.of("TRC-1017", "KMW-1002", "KMW-1004")),
            entry("from-temporary", List.of("TRC-1017", "KMW-1003", "KMW-1004")),
            entry("from-home", List.of("TRC-1017", "KMW-1003", "KMW-1004")),
            entry("forced", List.of("TRC-1017", "KMW-1004")),
            entry("named-deleted", List.of("TRC-1017", "KMW-1004")),
            entry("from-container", List.of("TRC-1017", "KMW-1004", "KMW-1005")),
            entry("deep-temporary", List.of("TRC-1017", "KMW-1003", "KMW-1004")),
            entry("deep-container", List.of("TRC-1017", "KMW-1004", "KMW-1005")),
            entry("deep-file", List.of("TRC-1017", "KMW-1003", "KMW-1004")),
            entry("parameter-refuses", List.of("TRC-1017", "KMW-1004", "KMW-1006")),
            entry("init-fails", List.of("TRC-1017", "KMW-1004", "KMW-1006")),
            entry("delete-elsewhere", List.<String>of()));

    assertThat(expected)
        .allSatisfy(
            (name, ids) ->
                assertThat(findings(guest.load(name))).as(name).containsExactlyElementsOf(ids));
  }

  @Test
  void fileThatIsNamedAsADeletedOne_keepsItsName() {
    JsonNode file = guest.load("named-deleted").get("file");

    assertThat(file.get("path").asString()).isEqualTo("/srv/kw_plain.ko (deleted)");
    assertThat(file.has("deleted")).isFalse();
  }

  @Test
  void moduleWhoseInitLoadsAnother_hasOneRecord_andSoHasTheOther() {
    List<JsonNode> loads = guest.loadsOf("nested");

    assertThat(loads)
        .extracting(
            load -> load.at("/route/syscall").asString(),
            load -> load.at("/module/name").asString(),
            load -> load.at("/file/path").asString(""),
            load -> load.get("outcome").asString(),
            load -> load.get("returnValue").asInt())
        .containsExactly(
            tuple("init_module", "kw_plain", "", "loaded", 0),
            tuple("finit_module", "kw_nested", "/srv/kw_nested.ko", "loaded", 0));
    assertThat(loads)
        .allSatisfy(
            load -> {
              assertThat(load.has("gaps")).isFalse();
              assertThat(load.at("/image/sha256").asString()).hasSize(64);
            });
    assertThat(findings(loads.getFirst())).containsExactly("TRC-1017", "KMW-1001", "KMW-1004");
    assertThat(findings(loads.getLast())).containsExactly("TRC-1017", "KMW-1004");
  }

  @Test
  void autoload_isAskedForByNobody_whateverLoadsTheModule() {
    JsonNode load =
        guest.loads().stream()
            .filter(l -> l.at("/requester/alias").asString("").equals("net-pf-38"))
            .findFirst()
            .orElseThrow();

    assertThat(findings(load)).containsExactly("TRC-1017", "KMW-1007");
    assertThat(load.at("/requester/hostPid").asInt()).isEqualTo(guest.theCase("autoload").pid());
    assertThat(load.at("/requester/uid").asInt()).isEqualTo(65534);
    assertThat(load.at("/route/autoload").asBoolean()).isTrue();
    assertThat(load.at("/module/name").asString()).isEqualTo("af_alg");
    assertThat(load.at("/loader/uid").asInt()).isZero();
  }

  @Test
  void programOfALongPath_isCut_andHidesNothingElse() {
    for (String name : List.of("deep-temporary", "deep-container")) {
      JsonNode load = guest.load(name);

      assertThat(load.at("/module/name").asString()).as(name).isEqualTo("kw_plain");
      assertThat(load.at("/loader/exe").asString())
          .as(name)
          .startsWith("…/ddd")
          .endsWith("/kwload")
          .hasSizeBetween(3500, 4096);
      assertThat(load.at("/loader/args/0").asString()).as(name).isEqualTo("kwload");
      assertThat(load.get("gaps").toString())
          .as(name)
          .isEqualTo("[{\"field\":\"loader.exe\",\"why\":\"could not be read in full\"}]");
    }
    assertThat(guest.load("deep-temporary").at("/file/path").asString())
        .isEqualTo("/tmp/kw_plain.ko");
    assertThat(guest.load("deep-container").at("/container/id").asString()).hasSize(64);
  }

  @Test
  void fileOfALongPath_keepsBothItsEnds() {
    JsonNode load = guest.load("deep-file");

    assertThat(load.at("/file/path").asString())
        .startsWith("/tmp/deep/ddd")
        .contains("/…/")
        .endsWith("/x.ko")
        .hasSizeBetween(3500, 4096);
    assertThat(load.at("/file/place").asString()).isEqualTo("temporary");
    assertThat(load.get("gaps").toString())
        .isEqualTo("[{\"field\":\"file.path\",\"why\":\"could not be read in full\"}]");
  }

  @Test
  void requesterOfALongPath_isStillTheOneWhoAsked() {
    int asked = guest.theCase("deep-autoload").pid();
    JsonNode load =
        guest.loads().stream()
            .filter(l -> l.at("/requester/hostPid").asInt() == asked)
            .findFirst()
            .orElseThrow();

    assertThat(findings(load)).containsExactly("TRC-1017", "KMW-1007");
    assertThat(load.at("/requester/alias").asString()).isEqualTo("net-pf-40");
    assertThat(load.at("/requester/uid").asInt()).isEqualTo(65534);
    assertThat(load.get("gaps").toString())
        .isEqualTo("[{\"field\":\"requester.exe\",\"why\":\"could not be read in full\"}]");
  }

  @Test
  void autoload_saysSo_whenTheKernelStartsAnotherModprobeThanAtFirst() {
    JsonNode load =
        guest.loads().stream()
            .filter(l -> l.at("/requester/alias").asString("").equals("net-pf-15"))
            .filter(l -> l.at("/module/name").asString("").equals("af_key"))
            .findFirst()
            .orElseThrow();

    assertThat(load.at("/requester/modprobePath").asString()).isEqualTo("/tmp/modprobe");
    assertThat(load.at("/loader/exe").asString()).isEqualTo("/tmp/modprobe");
    assertThat(load.at("/requester/hostPid").asInt())
        .isEqualTo(guest.theCase("autoload-by-other-modprobe").pid());
  }

  @Test
  void request_thatLeadsToNoLoad_isARecord() {
    var asked = guest.eventsOf("no-such-family", "security_kernel_module_request").getFirst();
    JsonNode record =
        guest.loads().stream()
            .filter(load -> load.get("action").asString().equals("request"))
            .filter(
                load ->
                    load.at("/requester/hostPid").asInt() == guest.theCase("no-such-family").pid())
            .findFirst()
            .orElseThrow();

    assertThat(record.get("id").asString())
        .isEqualTo(
            Long.toHexString(asked.timestampNanos())
                + "-"
                + Integer.toHexString(asked.process().hostThreadId()));
    assertThat(record.get("outcome").asString()).isEqualTo("failed");
    assertThat(record.get("reason").asString()).startsWith("no load was seen for it ");
    assertThat(record.at("/requester/alias").asString())
        .isEqualTo(asked.stringArgument("name").orElseThrow());
    assertThat(record.at("/requester/comm").asString()).isEqualTo("kwload");
    assertThat(record.propertyNames())
        .containsExactly(
            "schema",
            "id",
            "time",
            "host",
            "action",
            "outcome",
            "reason",
            "requester",
            "findings",
            "repeats");
    assertThat(record.get("findings").toString()).isEqualTo("[\"KMW-1007\"]");
    assertThat(guest.loadsOf("no-such-family")).isEmpty();
    assertThat(guest.ledger().at("/loads/requests/withoutLoad").asInt()).isEqualTo(1);
  }

  @Test
  void container_isNamedByItsCgroup() {
    JsonNode load = guest.load("from-container");

    assertThat(load.at("/container/id").asString())
        .isEqualTo("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assertThat(guest.load("elsewhere").has("container")).isFalse();
  }

  @Test
  void blindedSensor_isNoticed_whenAModuleLoadsAndNoCallIsSeen() {
    JsonNode load =
        guest.loadsOf("blinded").stream()
            .filter(l -> l.get("action").asString().equals("load"))
            .findFirst()
            .orElseThrow();

    assertThat(findings(load)).contains("KMW-1008");
    assertThat(load.get("outcome").asString()).isEqualTo("loaded");
    assertThat(load.at("/module/name").asString()).isEqualTo("kw_plain");
    assertThat(load.at("/gaps").toString()).contains("route.syscall");
  }

  @Test
  void hiddenModule_isFound_whenItIsLoadedAndNowhereListed() {
    List<JsonNode> hidden = guest.findings("KMW-1009");

    assertThat(hidden).hasSize(1);
    assertThat(hidden.getFirst().at("/Event/Payload/args").toString())
        .contains("kw_hide")
        .contains("/proc/modules");
    assertThat(findings(guest.load("hidden"))).contains("TRC-1017", "KMW-1004");
  }

  private static List<String> findings(JsonNode load) {
    return StreamSupport.stream(load.path("findings").spliterator(), false)
        .map(JsonNode::asString)
        .toList();
  }
}

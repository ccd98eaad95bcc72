package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tests watch with the capabilities of the package's service, and with each of them dropped, beside
 * the lab's own sensor, which is root. {@code -Dkmodwatch.kernels=6.1,6.12} selects more kernels.
 */
@Guest(
    script = "privileges.sh",
    modules = {"kw_plain", "kw_params", "kw_export", "kw_slow", "kw_hide"},
    preparation = PrivilegeIT.Renamed.class,
    minutes = 12,
    kernels = Guest.Kernels.NEWEST)
final class PrivilegeIT {

  private static final List<String> MODULES =
      List.of("kw_plain", "kw_params", "dummy", "af_alg", "kw_export");

  /** Is as long as kw_hide. */
  private static final String LATE = "kw_late";

  /** Is as long as kw_plain; no part of it looks like text of /proc/modules. */
  private static final String WITH_NEWLINE = "k\nw ,\u00ff/n";

  private final List<String> log;

  private final List<JsonNode> roots;

  private final List<JsonNode> documented;

  private final List<JsonNode> withoutDac;

  /** Holds the KMW-1009 findings of each agent. */
  private final Map<String, List<JsonNode>> hidden;

  PrivilegeIT(LabResult result) throws IOException {
    log = Files.readAllLines(result.guestLog());
    roots = loads(result, "loads.ndjson");
    documented = loads(result, "documented.ndjson");
    withoutDac = loads(result, "without-dac.ndjson");
    hidden =
        Map.of(
            "root", hidden(loads(result, "findings.ndjson")),
            "documented", hidden(loads(result, "documented-findings.ndjson")),
            "without-dac", hidden(loads(result, "without-dac-findings.ndjson")));
  }

  /** Adds test modules under other names. */
  static final class Renamed implements GuestPreparation {
    @Override
    public LabRun prepare(LabRun run, Path folder) throws IOException {
      Path late = folder.resolve("kw_late.ko");
      Path newline = folder.resolve("kw_newline.ko");
      return run.withFile(RenamedModule.of(run.kernel(), "kw_hide", LATE, late))
          .withFile(RenamedModule.of(run.kernel(), "kw_plain", WITH_NEWLINE, newline));
    }
  }

  private static List<JsonNode> hidden(List<JsonNode> findings) {
    return findings.stream()
        .filter(finding -> finding.at("/SigMetadata/ID").asString().equals("KMW-1009"))
        .toList();
  }

  @Test
  void watch_endsAndNamesTheCapability_withoutOneOfTheTwoThatBpfTakes() {
    assertThat(log)
        .contains(
            "without-perfmon status=69 kmodwatch: no privilege to load BPF programs, it takes root,"
                + " or the capabilities CAP_BPF and CAP_PERFMON, of which CAP_PERFMON is missing:"
                + " try sudo kmodwatch watch",
            "without-bpf status=69 kmodwatch: no privilege to load BPF programs, it takes root, or"
                + " the capabilities CAP_BPF and CAP_PERFMON, of which CAP_BPF is missing: try sudo"
                + " kmodwatch watch");
  }

  @Test
  void pinning_isRefused_withoutTheRightToReadFiles() {
    assertThat(log)
        .contains(
            "pin-without-dac status=69 kmodwatch: nothing can be pinned in"
                + " /sys/fs/bpf/pin-without-dac: AccessDeniedException:"
                + " /sys/fs/bpf/pin-without-dac; it must be in a BPF file system, and this user"
                + " must be able to write there; mount one: mount -t bpf bpf /sys/fs/bpf");
  }

  @Test
  void watch_hasNoOtherRight() {
    assertThat(log)
        .contains(
            "Uid: 65534 65534 65534 65534 CapEff: 000000c000000004 CapBnd: 000000c000000004"
                + " NoNewPrivs: 1 ",
            "Uid: 65534 65534 65534 65534 CapEff: 000000c000000000 CapBnd: 000000c000000000"
                + " NoNewPrivs: 1 ");
    assertThat(log.stream().filter("watch status=0"::equals)).hasSize(2);
  }

  @Test
  void records_areTheSameAsRoots_withTheDocumentedCapabilities() {
    assertThat(comparable(documented)).hasSize(21).isEqualTo(comparable(roots));
    assertThat(documented)
        .extracting(load -> load.at("/module/name").asString(""))
        .containsAll(MODULES);
  }

  @Test
  void programs_stayPinned_withTheDocumentedCapabilities() {
    assertThat(log).anyMatch(line -> line.matches("pinned [1-9]\\d*"));
  }

  @Test
  void canary_isSeen_withoutTheRightToLoadModules() {
    // The count is TRC-1017 on fifteen loads, by each of the two agents.
    assertThat(log).contains("findings 30 blind 0");
  }

  @Test
  void hiddenModules_areFound_andNoOthers() {
    assertThat(hidden)
        .allSatisfy(
            (who, findings) ->
                assertThat(findings)
                    .as(who)
                    .extracting(finding -> argument(finding, "name"))
                    .containsExactlyInAnyOrder(LATE, "kw_hide"));
  }

  @Test
  void moduleThatHidesBehindAnotherOfItsName_isTheOneThatIsFound() {
    assertThat(loadsOf(documented, "kw_hide")).hasSize(2);
    assertThat(loadIdOf("documented", "kw_hide"))
        .isEqualTo(loadsOf(documented, "kw_hide").getFirst().get("id").asString());
    assertThat(loadIdOf("root", "kw_hide"))
        .isEqualTo(loadsOf(roots, "kw_hide").getFirst().get("id").asString());
  }

  private static List<JsonNode> loadsOf(List<JsonNode> loads, String name) {
    return loads.stream()
        .filter(load -> load.at("/module/name").asString("").equals(name))
        .toList();
  }

  private String loadIdOf(String who, String name) {
    return hidden.getOrDefault(who, List.of()).stream()
        .filter(finding -> argument(finding, "name").equals(name))
        .map(finding -> argument(finding, "loadId"))
        .findFirst()
        .orElseThrow();
  }

  private static String argument(JsonNode finding, String name) {
    for (JsonNode argument : finding.at("/Event/Payload/args")) {
      if (argument.get("name").asString().equals(name)) {
        return argument.get("value").asString();
      }
    }
    return "";
  }

  @Test
  void fileThatIsPrivate_isRead_onlyWithTheRightToReadFiles() {
    JsonNode with = large(documented);
    JsonNode without = large(withoutDac);

    assertThat(with.at("/image/source").asString()).isEqualTo("file");
    assertThat(with.at("/image/sha256").asString()).hasSize(64);
    assertThat(without.at("/image").has("sha256")).isFalse();
    assertThat(without.get("gaps").toString())
        .contains("the file cannot be read, or is no longer what was loaded");
  }

  @Test
  void otherRecords_areTheSameAsRoots_withoutTheRightToReadFiles() {
    assertThat(comparable(withoutLarge(withoutDac))).isEqualTo(comparable(withoutLarge(roots)));
  }

  @Test
  void doctor_saysWhatIsLost_withoutTheRightToReadFiles() {
    assertThat(log)
        .anyMatch(
            line ->
                line.startsWith("degraded  private files")
                    && line.contains("no CAP_DAC_READ_SEARCH"));
  }

  private static JsonNode large(List<JsonNode> loads) {
    return loads.stream().filter(PrivilegeIT::isLarge).findFirst().orElseThrow();
  }

  private static List<JsonNode> withoutLarge(List<JsonNode> loads) {
    return loads.stream().filter(load -> !isLarge(load)).toList();
  }

  private static boolean isLarge(JsonNode load) {
    return load.at("/file/path").asString("").equals("/root/large.ko");
  }

  /**
   * Returns the records without times. Each agent has its own programs on each hook, which run one
   * after the other. Each also reads the clock separately that the start times of processes are
   * computed from. Of the id, which is the time and the thread, only the thread stays.
   */
  private static List<JsonNode> comparable(List<JsonNode> loads) {
    return loads.stream().filter(load -> !isSlow(load)).map(PrivilegeIT::withoutTimes).toList();
  }

  /** Returns whether the load is slow: an agent may report it before or after its return. */
  private static boolean isSlow(JsonNode load) {
    return load.at("/module/name").asString("").equals("kw_slow");
  }

  private static JsonNode withoutTimes(JsonNode load) {
    var copy = (ObjectNode) load.deepCopy();
    copy.put("id", load.get("id").asString().replaceFirst("^[0-9a-f]+", ""));
    copy.remove(List.of("time", "durationNs"));
    for (String process : List.of("loader", "requester")) {
      if (copy.get(process) instanceof ObjectNode node) {
        node.remove("startTime");
      }
    }
    return copy;
  }

  private static List<JsonNode> loads(LabResult result, String name) {
    return JsonLines.of(result.loads().resolveSibling(name));
  }
}

package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kmodwatch.agent.format.FormatName;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tests loads whose init or parameter takes 8 s, by both calls, failing and not. Once the call has
 * returned, every output must report the same as for a fast load of the same module.
 */
@Guest(
    script = "slow.sh",
    preparation = SlowLoadsIT.Copies.class,
    minutes = 16, // for two agents, and waits of 8 s and 12 s, on a busy machine
    kernels = Guest.Kernels.NEWEST)
final class SlowLoadsIT {

  private static final String QUICK = "fast-";

  /** Holds the errors of the calls that failed, by case. */
  private static final Map<String, String> CASES = new LinkedHashMap<>();

  static {
    for (String call : List.of("finit", "init")) {
      CASES.put(call + "-init", "");
      CASES.put(call + "-init-fails", "ENODEV");
      CASES.put(call + "-parameter", "");
      CASES.put(call + "-parameter-fails", "EINVAL");
    }
    CASES.put("autoload", "");
    CASES.put("late-page", "ENODEV");
  }

  private final GuestRecord guest;

  SlowLoadsIT(GuestRecord guest) {
    this.guest = guest;
  }

  /** Adds copies of the module under other names, so that many can be loaded at the same time. */
  static final class Copies implements GuestPreparation {
    @Override
    public LabRun prepare(LabRun run, Path folder) throws IOException {
      LabRun prepared = run;
      for (String each : List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "k")) {
        String name = "kw_slo" + each;
        Path copy = folder.resolve(name + ".ko");
        prepared = prepared.withFile(RenamedModule.of(run.kernel(), "kw_slow", name, copy));
      }
      Path configuration = Files.writeString(folder.resolve("slow.yaml"), configuration());
      return prepared.withFile(AddedFile.of(configuration));
    }

    private static String configuration() {
      return """
      output: loads
      spool: /root/spool
      history: {dir: /root/history}
      repeat-window: 0
      sinks:
      """
          + HostReceivers.fileSinks("/out/sink-");
    }
  }

  private List<String> lines(String name) throws IOException {
    return Files.readAllLines(
        guest.result().guestLog().resolveSibling(name), StandardCharsets.UTF_8);
  }

  private List<JsonNode> records(String name) {
    return JsonLines.of(guest.result().guestLog().resolveSibling(name));
  }

  /** Returns the records of a case, the first one first. */
  private List<JsonNode> recordsOf(List<JsonNode> loads, String name) {
    int pid = guest.theCase(name).pid();
    return loads.stream()
        .filter(load -> load.at("/action").asString().equals("load"))
        .filter(
            load ->
                load.at("/loader/hostPid").asInt() == pid
                    || load.at("/requester/hostPid").asInt() == pid)
        .toList();
  }

  private JsonNode lastOf(List<JsonNode> loads, String name) {
    List<JsonNode> records = recordsOf(loads, name);
    assertThat(records).as(name).isNotEmpty();
    return records.getLast();
  }

  @Test
  void callers_wereToldWhatWasMeant() {
    CASES.forEach(
        (name, errno) -> {
          for (String each : List.of(name, QUICK + name)) {
            assertThat(guest.theCase(each).calls())
                .as(each)
                .extracting(GuestRecord.Call::errno)
                .containsExactly(
                    name.equals("autoload") ? "EAFNOSUPPORT" : errno.isEmpty() ? "0" : errno);
          }
        });
  }

  @Test
  void lastRecord_isThatOfTheSameLoadWhichIsQuick() throws IOException {
    for (String name : List.of("loads.ndjson", "second.ndjson", "history.ndjson")) {
      List<JsonNode> loads = records(name);
      for (String each : CASES.keySet()) {
        JsonNode slow = lastOf(loads, each);
        assertThat(comparable(slow)).as("%s in %s", each, name).isEqualTo(comparable(quick(each)));
        assertThat(slow.get("durationNs").asLong()).as(each).isGreaterThan(8_000_000_000L);
      }
    }
  }

  private JsonNode quick(String name) {
    return lastOf(guest.loads(), QUICK + name);
  }

  @Test
  void quickOnes_areAsTheyWereMeant() {
    CASES.forEach(
        (name, errno) -> {
          JsonNode load = quick(name);
          assertThat(load.path("errno").asString("")).as(name).isEqualTo(errno);
          assertThat(load.at("/outcome").asString())
              .as(name)
              .isEqualTo(errno.isEmpty() ? "loaded" : "failed");
          assertThat(load.at("/image/sha256").asString()).as(name).hasSize(64);
          assertThat(load.at("/module/license").asString()).as(name).isEqualTo("GPL");
          assertThat(load.at("/findings").toString().contains("KMW-1006"))
              .as(name)
              .isEqualTo(!errno.isEmpty());
        });
  }

  /**
   * Returns a record without the fields that depend on the process, the time, or the configured
   * delay.
   */
  private static JsonNode comparable(JsonNode load) {
    var copy = (ObjectNode) load.deepCopy();
    copy.remove(List.of("id", "time", "durationNs"));
    if (copy.get("route") instanceof ObjectNode route) {
      route.remove("params");
    }
    for (String process : List.of("loader", "requester")) {
      if (copy.get(process) instanceof ObjectNode node) {
        node.remove(List.of("pid", "tid", "hostPid", "parentPid", "startTime", "args"));
        for (JsonNode ancestor : node.path("ancestors")) {
          ((ObjectNode) ancestor).remove(List.of("pid", "comm"));
        }
      }
    }
    if (copy.get("gaps") instanceof ArrayNode gaps) {
      gaps.removeIf(gap -> gap.at("/field").asString().equals("id"));
      if (gaps.isEmpty()) {
        copy.remove("gaps");
      }
    }
    return copy;
  }

  /**
   * Covers first records. An agent that lags, as on a slow machine, may read the return together
   * with the load.
   */
  @Test
  void firstRecord_saysWhatIsKnown_andHasGapsForTheRest() {
    int firsts = 0;
    for (String name : CASES.keySet()) {
      List<JsonNode> records = recordsOf(guest.loads(), name);
      if (records.size() == 1) {
        assertThat(fields(records.getFirst())).as(name).isEmpty();
        continue;
      }
      assertThat(records).as(name).hasSize(2);
      assertThat(name).as("no code of it could run before").isNotEqualTo("late-page");
      firsts++;
      JsonNode first = records.getFirst();
      JsonNode last = records.getLast();
      assertThat(first.get("id")).isEqualTo(last.get("id"));
      assertThat(first.at("/outcome").asString()).as(name).isEqualTo("loaded");
      assertThat(first.has("returnValue")).as(name).isFalse();
      for (String known : List.of("/loader", "/requester", "/image", "/file", "/module/license")) {
        assertThat(first.at(known)).as("%s of %s", known, name).isEqualTo(last.at(known));
      }
      assertThat(fields(first)).as(name).containsExactly("returnValue");
      assertThat(fields(last)).as(name).containsExactly("id");
      assertThat(last.at("/gaps").toString())
          .contains("replaces a record of this id: the call had not returned by then");
      assertThat(texts(first.at("/findings"))).as(name).isNotEmpty();
      assertThat(texts(last.at("/findings"))).containsAll(texts(first.at("/findings")));
    }
    assertThat(firsts).isPositive();
  }

  @Test
  void autoload_isTheUnprivilegedUsers_fromTheFirstRecordOn() throws IOException {
    assertThat(recordsOf(guest.loads(), "autoload"))
        .isNotEmpty()
        .allSatisfy(
            load -> {
              assertThat(load.at("/requester/uid").asLong()).isEqualTo(65534);
              assertThat(load.at("/requester/alias").asString()).isEqualTo("net-pf-38");
              assertThat(load.at("/route/autoload").asBoolean()).isTrue();
              assertThat(texts(load.at("/findings"))).contains("KMW-1007");
            });
    assertThat(lines("table.txt")).noneMatch(line -> line.contains("no module was loaded for it"));
  }

  @Test
  void table_hasTheTruthInItsLastRow() throws IOException {
    List<String> rows = lines("table.txt");
    CASES.forEach(
        (name, errno) -> {
          String module = quick(name).at("/module/name").asString();
          String last =
              rows.stream()
                  .filter(row -> row.contains("  load  ") && row.contains(module))
                  .reduce((one, other) -> other)
                  .orElse("no row of " + module);
          assertThat(last)
              .contains(errno.isEmpty() ? "  loaded" : errno)
              .doesNotContain("has not returned");
        });
  }

  @ParameterizedTest
  @EnumSource(FormatName.class)
  void everySink_hasTheTruthInItsLastLine(FormatName format) throws IOException {
    List<String> all = lines("sink-" + format.word() + ".ndjson");
    for (Map.Entry<String, String> each : CASES.entrySet()) {
      String id = lastOf(guest.loads(), each.getKey()).get("id").asString();
      // The second agent has the same thread numbers, and its own clock.
      String ofSecond = idOfSecond(id);
      List<String> lines = all.stream().filter(line -> line.contains(ofSecond)).toList();
      assertThat(lines).as("%s in %s", each.getKey(), format).isNotEmpty();
      if (each.getValue().isEmpty()) {
        assertThat(lines).noneMatch(line -> line.contains("KMW-1006"));
      } else {
        assertThat(lines)
            .as("%s in %s", each.getKey(), format)
            .anyMatch(line -> line.contains("KMW-1006") || line.contains(OTHER_WORD));
        if (format != FormatName.JSON && format != FormatName.TRACEE) {
          assertThat(lines.getLast()).as(each.getKey()).contains(each.getValue());
        }
      }
    }
  }

  private static final String OTHER_WORD = "kernel_module_ran_and_failed";

  private String idOfSecond(String id) throws IOException {
    String thread = id.substring(id.indexOf('-'));
    Set<String> ids =
        records("second.ndjson").stream()
            .map(load -> load.get("id").asString())
            .filter(each -> each.endsWith(thread))
            .collect(Collectors.toSet());
    assertThat(ids).as(id).hasSize(1);
    return ids.iterator().next();
  }

  @Test
  void findings_areRaisedOnceALoad() {
    var times = new HashMap<String, Integer>();
    for (JsonNode finding : guest.findings()) {
      String id = finding.at("/SigMetadata/ID").asString();
      JsonNode load = finding.at("/Event/Payload/args/0/value/id");
      if (!load.isMissingNode()) {
        times.merge(id + " of " + load.asString(), 1, Integer::sum);
      }
    }
    assertThat(times).isNotEmpty().allSatisfy((what, count) -> assertThat(count).isEqualTo(1));
    for (Map.Entry<String, String> each : CASES.entrySet()) {
      String id = lastOf(guest.loads(), each.getKey()).get("id").asString();
      assertThat(times.containsKey("KMW-1006 of " + id))
          .as(each.getKey())
          .isEqualTo(!each.getValue().isEmpty());
    }
  }

  @Test
  void replayOfTheRecording_givesTheSame() throws IOException {
    List<JsonNode> replayed = records("replayed.ndjson");
    for (String name : CASES.keySet()) {
      JsonNode id = lastOf(guest.loads(), name).get("id");
      var live = (ObjectNode) comparable(lastOf(guest.loads(), name));
      var again = (ObjectNode) comparable(lastOf(replayed, name));
      // A recording does not have all facts of its host.
      live.remove("host");
      again.remove("host");
      assertThat(again).as(name).isEqualTo(live);
      // The id is compared: an agent that lags may emit the first record before the event with the
      // process.
      assertThat(replayed)
          .filteredOn(load -> load.get("id").equals(id))
          .as(name)
          .hasSize(name.equals("late-page") ? 1 : 2);
    }
  }

  @Test
  void killInBetween_losesNeitherRecord_andTellsNothingTwice() throws IOException {
    List<JsonNode> records = recordsOf(records("second.ndjson"), "killed");
    assertThat(records).hasSize(2);
    assertThat(records.getFirst().at("/outcome").asString()).isEqualTo("loaded");
    JsonNode last = records.getLast();
    assertThat(last.at("/errno").asString()).isEqualTo("ENODEV");
    assertThat(last.at("/reason").asString()).contains("init function ran");
    assertThat(last.at("/image/sha256").asString()).hasSize(64);
    assertThat(texts(last.at("/findings"))).contains("TRC-1017", "KMW-1006");
    assertThat(last.at("/gaps").toString()).contains("replaces a record of this id");
    assertThat(lastOf(records("history.ndjson"), "killed").at("/errno").asString())
        .isEqualTo("ENODEV");
    assertThat(recordsOf(records("history.ndjson"), "killed")).hasSize(1);
    assertThat(Files.readAllLines(guest.result().guestLog(), StandardCharsets.ISO_8859_1))
        .contains("ended 0", "replayed 0");
  }

  private static Set<String> texts(JsonNode array) {
    var texts = new LinkedHashSet<String>();
    array.forEach(each -> texts.add(each.asString()));
    return texts;
  }

  private static List<String> fields(JsonNode load) {
    return Stream.of(load.path("gaps"))
        .flatMap(gaps -> gaps.valueStream())
        .map(gap -> Objects.requireNonNull(gap.get("field")).asString())
        .toList();
  }
}

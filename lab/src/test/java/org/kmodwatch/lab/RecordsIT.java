package org.kmodwatch.lab;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Tests the load record of every route and every failing case of {@code cases.sh}. There must be
 * one per attempt, with process, route and outcome.
 */
@CasesGuest
record RecordsIT(GuestRecord guest) {

  @Test
  void everyAttempt_isExactlyOneRecord_withItsLoaderAndReturnValue() {
    var attempts =
        guest.events().stream()
            .filter(event -> event.eventName().matches("(f?init|delete)_module"))
            .map(
                event ->
                    event.process().hostProcessId()
                        + " "
                        + event.eventName()
                        + " "
                        + event.returnValue())
            .sorted()
            .toList();
    var records = new ArrayList<String>();
    for (JsonNode load : guest.loads()) {
      if (load.get("action").asString().equals("request")) {
        continue;
      }
      records.add(
          load.at("/loader/hostPid").asInt()
              + " "
              + load.at("/route/syscall").asString()
              + " "
              + (load.has("returnValue") ? load.get("returnValue").asLong() : null));
    }
    records.sort(null);

    assertThat(records).isEqualTo(attempts);
    assertThat(guest.ledger().at("/loads/attempts").asInt()).isEqualTo(records.size());
  }

  @Test
  void everyCase_hasItsOutcomeInWords() {
    var expected =
        Map.ofEntries(
            entry("file", "loaded"),
            entry("delete", "unloaded"),
            entry("memory", "loaded"),
            entry("own-file-open", "loaded"),
            entry("detached", "loaded"),
            entry("tree-of-its-own", "loaded"),
            entry("memfd", "loaded"),
            entry("unlinked", "loaded"),
            entry("int80", "loaded"),
            entry("int80-memory", "loaded"),
            entry("forced", "loaded"),
            entry("long-name", "loaded"),
            entry("namespace", "loaded"),
            entry(
                "compressed",
                TestKernels.is61(guest.kernel())
                    ? "failed EOPNOTSUPP this kernel cannot decompress modules"
                    : "loaded"),
            entry(
                "compressed-unsaid",
                "failed ENOEXEC it is no module for this kernel: its format, architecture, version"
                    + " magic or symbol versions do not fit"),
            entry(
                "no-capability-file",
                "refused EPERM the process lacks the capability CAP_SYS_MODULE"),
            entry(
                "no-capability-memory",
                "refused EPERM the process lacks the capability CAP_SYS_MODULE"),
            entry(
                "bad-descriptor", "failed EBADF the descriptor is closed, or not open for reading"),
            entry(
                "refused-at-lockdown",
                "refused EPERM a security module said no: security_locked_down EPERM (Operation"
                    + " not permitted)"),
            entry("pipe", "failed EINVAL the file is no plain file, or is empty"),
            entry("bad-flags", "failed EINVAL the kernel does not know the flags 0x80"),
            entry(
                "junk-file",
                "failed ENOEXEC it is no module for this kernel: its format, architecture, version"
                    + " magic or symbol versions do not fit"),
            entry("junk-memory", "failed ENOEXEC it is too short to be a module"),
            entry("empty-file", "failed EINVAL the file is no plain file, or is empty"),
            entry("already-there", "failed EEXIST a module of that name is already loaded"),
            entry(
                "unresolved",
                "failed ENOENT it needs a symbol that no loaded module and not the kernel has"),
            entry(
                "init-fails",
                "failed ENODEV the module's init function ran and returned ENODEV (No such"
                    + " device)"),
            entry(
                "parameter-refuses",
                "failed EACCES setting its parameters failed with EACCES (Permission denied); the"
                    + " module's own code for them may have run"),
            entry("no-such-module", "failed ENOENT no module of that name is loaded"),
            entry("crash-in-memory", "loaded"),
            entry("never-returns", "loaded"));

    assertThat(expected)
        .allSatisfy(
            (name, words) -> assertThat(outcome(guest.load(name))).as(name).isEqualTo(words));
  }

  @Test
  void codeMayHaveRun_isSaidOnlyWhereItMayAndTheLoadDidNotSucceed() {
    var said =
        guest.loads().stream()
            .filter(load -> load.path("codeMayHaveRun").asBoolean(false))
            .map(load -> load.at("/loader/hostPid").asInt())
            .toList();

    assertThat(said)
        .containsExactlyInAnyOrder(
            guest.theCase("init-fails").pid(), guest.theCase("parameter-refuses").pid());
  }

  @Test
  void record_isWhole_forALoadFromAFile() {
    JsonNode load = guest.load("params");

    assertThat(load.propertyNames())
        .containsExactly(
            "schema",
            "id",
            "time",
            "durationNs",
            "host",
            "action",
            "outcome",
            "returnValue",
            "route",
            "module",
            "image",
            "file",
            "loader",
            "findings",
            "repeats");
    assertThat(load.get("schema").asString()).isEqualTo("kmodwatch.load/1");
    assertThat(load.get("time").asString())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z");
    assertThat(load.get("durationNs").asLong()).isBetween(1L, 60_000_000_000L);
    assertThat(load.at("/host/name").asString()).isEqualTo("kmodwatch-lab");
    assertThat(load.at("/host/kernel").asString())
        .startsWith(TestKernels.version(guest.kernel()) + ".");
    assertThat(load.at("/host/arch").asString()).isEqualTo("x86_64");
    assertThat(load.at("/host/bootId").asString()).matches("[0-9a-f-]{36}");
    assertThat(load.at("/route/syscall").asString()).isEqualTo("finit_module");
    assertThat(load.at("/route/abi").asString()).isEqualTo("native");
    assertThat(load.at("/route/params").asString()).isEqualTo("number=42 text=\"two words\"");
    assertThat(load.at("/route/memoryOnly").asBoolean()).isFalse();
    assertThat(load.at("/route/autoload").asBoolean()).isFalse();
    assertThat(load.at("/module/name").asString()).isEqualTo("kw_params");
    assertThat(load.at("/module/taints").toString()).isEqualTo("[\"OUT_OF_TREE\",\"UNSIGNED\"]");
    assertThat(load.at("/module/sizeBytes").asLong()).isPositive();
    assertThat(load.at("/file/path").asString()).isEqualTo("/root/kw_params.ko");
    assertThat(load.at("/file/place").asString()).isEqualTo("home");
    assertThat(load.at("/file/deleted").asBoolean()).isFalse();
    JsonNode loader = load.get("loader");
    assertThat(loader.get("comm").asString()).isEqualTo("kwload");
    assertThat(loader.get("exe").asString()).isEqualTo("/usr/bin/kwload");
    assertThat(loader.get("args").toString())
        .isEqualTo("[\"kwload\",\"finit\",\"kw_params.ko\",\"number=42 text=\\\"two words\\\"\"]");
    assertThat(loader.get("uid").asLong()).isZero();
    assertThat(loader.get("capabilities").toString()).contains("\"CAP_SYS_MODULE\"");
    assertThat(loader.get("namespaces").propertyNames())
        .contains("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts");
    assertThat(loader.at("/ancestors/0/exe").asString()).isEqualTo("/usr/bin/dash");
    assertThat(loader.get("ancestors").size()).isGreaterThanOrEqualTo(2);
    assertThat(load.get("findings").toString()).contains("\"TRC-1017\"");
  }

  @Test
  void route_tellsMemoryMemfdDeletedCompatAndForcedApart() {
    assertThat(guest.load("memory").at("/route/memoryOnly").asBoolean()).isTrue();
    assertThat(guest.load("memory").has("file")).isFalse();
    assertThat(guest.load("memfd").at("/file/place").asString()).isEqualTo("memfd");
    assertThat(guest.load("unlinked").at("/file/deleted").asBoolean()).isTrue();
    assertThat(guest.load("unlinked").at("/file/place").asString()).isEqualTo("temporary");
    assertThat(guest.load("int80").at("/route/abi").asString()).isEqualTo("compat");
    assertThat(guest.load("int80-memory").at("/route/abi").asString()).isEqualTo("compat");
    assertThat(guest.load("forced").at("/route/flags").toString())
        .isEqualTo("[\"IGNORE_MODVERSIONS\",\"IGNORE_VERMAGIC\"]");
    assertThat(guest.load("forced").at("/module/taints").toString()).contains("FORCED");
  }

  @Test
  void moduleInMemory_hasTheFileThatItIsFrom_orNone() {
    JsonNode own = guest.load("own-file-open");
    assertThat(own.at("/file/path").asString()).isEqualTo("/root/kw_params.ko.gz");
    assertThat(own.at("/route/memoryOnly").asBoolean(false)).isFalse();
    assertThat(own.has("gaps")).isFalse();
    assertThat(own.get("findings").toString()).doesNotContain("KMW-1001");

    for (String name : List.of("other-file-open", "own-name-open", "tried-another")) {
      JsonNode load = guest.loadsOf(name).getLast();
      assertThat(load.at("/module/name").asString()).as(name).isEqualTo("kw_params");
      assertThat(load.has("file")).as(name).isFalse();
      assertThat(load.at("/route/memoryOnly").asBoolean(false)).as(name).isTrue();
      assertThat(load.get("findings").toString()).as(name).contains("KMW-1001");
    }
    for (String name : List.of("other-file-open", "own-name-open")) {
      assertThat(guest.load(name).get("gaps").toString())
          .as(name)
          .isEqualTo(
              "[{\"field\":\"file\",\"why\":\"the loader had a module file open that is another"
                  + " module\"}]");
    }
  }

  @Test
  void file_isOfTheDistribution_onlyWhereItsPathLeadsToItHere() {
    String tree = "/usr/lib/modules/" + guest.load("file").at("/host/kernel").asString();
    JsonNode elsewhere = guest.load("tree-of-its-own");
    assertThat(elsewhere.at("/file/path").asString()).isEqualTo(tree + "/kernel/kw_plain.ko");
    assertThat(elsewhere.at("/file/place").asString()).isEqualTo("other");
    JsonNode detached = guest.load("detached");
    assertThat(detached.at("/file/path").asString()).isEqualTo("/detached.ko");
    assertThat(detached.at("/file/deleted").asBoolean()).isTrue();
    assertThat(detached.get("findings").toString()).contains("KMW-1002");
  }

  @Test
  void descriptorOfNoFile_isNamedForWhatItIs() {
    JsonNode load = guest.load("pipe");
    assertThat(load.at("/file/path").asString()).matches("pipe:\\[[0-9]+\\]");
    assertThat(load.at("/file/deleted").asBoolean(false)).isFalse();
    assertThat(load.path("findings").toString()).doesNotContain("KMW-1002");
  }

  @Test
  void attemptThatWasRefusedAtOnce_stillNamesItsFile() {
    assertThat(guest.load("no-capability-file").at("/file/path").asString())
        .isEqualTo("/tmp/kw_plain.ko");
    assertThat(guest.load("no-capability-file").at("/loader/uid").asLong()).isEqualTo(65534);
    assertThat(guest.load("bad-flags").at("/file/path").asString()).isEqualTo("/root/kw_plain.ko");
  }

  @Test
  void secondTryFromMemory_isARecordOfItsOwn_linkedToTheFirst() {
    List<JsonNode> loads = guest.loadsOf("second-try");

    assertThat(loads)
        .extracting(load -> load.at("/route/syscall").asString())
        .containsExactly("finit_module", "init_module");
    assertThat(loads)
        .extracting(RecordsIT::outcome)
        .containsOnly(outcome(guest.load("unresolved")));
    assertThat(loads.getFirst().has("retryOf")).isFalse();
    assertThat(loads.getLast().get("retryOf")).isEqualTo(loads.getFirst().get("id"));
    assertThat(loads.getLast().at("/route/memoryOnly").asBoolean(false)).isFalse();
    assertThat(loads.getLast().at("/file/path").asString()).isEqualTo("/root/kw_unresolved.ko");
    assertThat(guest.loadsOf("tried-another").getLast().get("retryOf")).isNotNull();
  }

  @Test
  void callThatNeverReturns_isARecordWithAGap() {
    for (String name : List.of("never-returns", "crash-in-memory")) {
      JsonNode load = guest.load(name);
      assertThat(load.has("returnValue")).as(name).isFalse();
      assertThat(load.has("durationNs")).as(name).isFalse();
      assertThat(load.at("/gaps").toString()).as(name).contains("returnValue");
    }
  }

  @Test
  void requestThatIsRefused_isARecord_withoutAnythingOfAModule() {
    List<JsonNode> requests =
        guest.loads().stream()
            .filter(each -> each.get("action").asString().equals("request"))
            .filter(each -> each.at("/requester/alias").asString("").equals("net-pf-40"))
            .toList();

    assertThat(requests).hasSize(1);
    JsonNode request = requests.getFirst();
    assertThat(outcome(request))
        .isEqualTo(
            "refused EPERM a security module said no: security_kernel_module_request EPERM"
                + " (Operation not permitted)");
    assertThat(request.at("/requester/hostPid").asInt())
        .isEqualTo(guest.theCase("request-refused").pid());
    assertThat(request.at("/requester/uid").asLong()).isEqualTo(65534);
    assertThat(request.propertyNames())
        .doesNotContain("loader", "route", "module", "image", "file", "gaps");
  }

  @Test
  void requester_isTheProcessWithoutRights_andTheLoaderTheKernelsModprobe() {
    JsonNode load =
        guest.loads().stream()
            .filter(l -> l.at("/requester/alias").asString("").equals("net-pf-38"))
            .findFirst()
            .orElseThrow();

    assertThat(load.at("/requester/hostPid").asInt()).isEqualTo(guest.theCase("autoload").pid());
    assertThat(load.at("/requester/uid").asLong()).isEqualTo(65534);
    assertThat(load.at("/requester/args").toString())
        .isEqualTo("[\"kwload\",\"socket\",\"38\",\"5\",\"0\"]");
    assertThat(load.at("/route/autoload").asBoolean()).isTrue();
    assertThat(load.at("/loader/comm").asString()).isEqualTo("modprobe");
    assertThat(load.at("/loader/args").toString())
        .isEqualTo("[\"/sbin/modprobe\",\"-q\",\"--\",\"net-pf-38\"]");
    assertThat(load.at("/file/path").asString()).matches("/usr/lib/modules/.*/af_alg\\.ko(\\.xz)?");
    assertThat(load.at("/file/place").asString()).isEqualTo("distribution");
  }

  @Test
  void callersAtOnce_areOneRecordEach_andThoseThatWaitedSaySo() {
    List<JsonNode> loads = guest.loadsOf("parallel");

    int skipped = guest.skippedReturns();
    assertThat(loads).hasSizeBetween(8 - skipped, 8);
    List<JsonNode> loaded =
        loads.stream()
            .filter(l -> l.get("outcome").asString().equals("loaded") && !l.has("waitedOn"))
            .toList();
    assertThat(loaded).hasSize(1);
    if (TestKernels.is61(guest.kernel())) {
      assertThat(loads)
          .filteredOn(l -> l.get("outcome").asString().equals("failed"))
          .hasSizeBetween(7 - skipped, 7);
    } else {
      String id = Objects.requireNonNull(loaded.getFirst().get("id")).asString();
      assertThat(loads)
          .filteredOn(l -> l.has("waitedOn"))
          .hasSizeBetween(7 - skipped, 7)
          .allSatisfy(l -> assertThat(l.get("waitedOn").asString()).isEqualTo(id));
    }
  }

  @Test
  void recordedEvents_giveTheSameRecords_inRandomLegalOrders() {
    for (long seed = 1; seed <= 20; seed++) {
      Reordering.assertSameRecords(guest, seed);
    }
  }

  static String outcome(JsonNode load) {
    var words = new ArrayList<String>();
    words.add(load.get("outcome").asString());
    for (String key : List.of("errno", "reason")) {
      if (load.has(key)) {
        words.add(load.get(key).asString());
      }
    }
    return String.join(" ", words);
  }
}

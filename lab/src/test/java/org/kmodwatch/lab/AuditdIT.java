package org.kmodwatch.lab;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Runs Debian's auditd beside the live sensor. Its log, replayed on the host, must give the loads
 * that the sensor recorded. Each replayed load must report the fields that an audit log cannot have
 * (docs/reference/sources.md).
 */
@Guest(
    script = "auditd.sh",
    modules = {"kw_plain", "kw_params", "kw_unresolved", "kw_initfail", "kw_paramrefuse"},
    // Without this argument auditd sees no call of a process that is older than itself, such as the
    // agent.
    kernelArguments = "audit=1",
    preparation = AuditdIT.WithAuditd.class,
    minutes = 5)
final class AuditdIT {

  private static final Duration LIMIT = Duration.ofMinutes(12);

  private static final List<String> OF_ANY = List.of("durationNs", "host", "loader", "container");
  private static final List<String> OF_A_LOAD = with(OF_ANY, "route.params", "module", "image");
  private static final List<String> FROM_A_FILE = with(OF_A_LOAD, "file");
  private static final List<String> FROM_MEMORY = with(OF_A_LOAD, "route.memoryOnly");

  private final LabResult result;

  private final GuestRecord guest;

  /** Holds the loads of the sensor, in the order in which the calls began. */
  private final List<JsonNode> seen;

  /** Holds the loads of the log, in its order. */
  private final List<JsonNode> replayed;

  AuditdIT(GuestRecord guest) throws Exception {
    this.guest = guest;
    this.result = guest.result();
    seen =
        guest.loads().stream()
            .sorted(Comparator.comparing(load -> load.get("time").asString()))
            .toList();
    replayed = replay("audit.log");
  }

  /** Adds Debian's auditd, with the rules of docs/reference/sources.md. */
  static final class WithAuditd implements GuestPreparation {
    @Override
    public LabRun prepare(LabRun run, Path folder) throws IOException, InterruptedException {
      Checkout checkout = Checkout.find();
      DebianGuest.call(
          LIMIT,
          folder.resolve("auditd.log"),
          List.of("bash", checkout.root().resolve("tools/lab-auditd.sh").toString()));
      return run.withScript(run.script().replace("@RULES@", documentedRules(checkout)))
          .withFile(AddedFile.of(checkout.labFolder().resolve("auditd.tar")));
    }

    /** Returns the rules of docs/reference/sources.md, one per line. */
    private static String documentedRules(Checkout checkout) throws IOException {
      List<String> rules =
          Files.readAllLines(checkout.root().resolve("docs/reference/sources.md")).stream()
              .map(String::strip)
              .filter(line -> line.matches("-a (always|never),exit .*"))
              .toList();
      assertThat(rules).hasSize(3);
      return String.join("\n", rules);
    }
  }

  @Test
  void replayedLog_givesTheLoadsThatTheSensorSaw() {
    assertThat(guest.ledger().at("/sensor/lost").asLong()).isZero();
    assertThat(seen).hasSizeGreaterThan(20);
    assertThat(inWords(replayed)).isEqualTo(inWords(seen));
  }

  @Test
  void module_isTheSame_orAGapSaysWhyItIsNotKnown() {
    for (int i = 0; i < seen.size(); i++) {
      JsonNode load = replayed.get(i);
      if (load.at("/module/name").isMissingNode()) {
        assertThat(gaps(load)).as("%s", load).contains("module.name");
      } else {
        assertThat(load.at("/module/name")).isEqualTo(seen.get(i).at("/module/name"));
      }
    }
    assertThat(replayed)
        .filteredOn(load -> load.at("/outcome").asString().matches("loaded|unloaded"))
        .hasSizeGreaterThan(12)
        .allSatisfy(load -> assertThat(load.at("/module/name").asString("")).isNotEmpty());
  }

  @Test
  void everyLoad_hasExactlyTheGapsOfItsWay() {
    boolean is61 = TestKernels.is61(guest.kernel());
    var expected =
        Map.ofEntries(
            entry("file", FROM_A_FILE),
            entry("remove", OF_ANY),
            entry("relative", FROM_A_FILE),
            // 6.12's modules are compressed, and kmod 30 loads them from memory.
            entry("distribution", is61 ? FROM_A_FILE : FROM_MEMORY),
            entry("memory", FROM_MEMORY),
            entry("already-there", with(FROM_MEMORY, "codeMayHaveRun")),
            entry("memfd", FROM_A_FILE),
            entry("int80", FROM_A_FILE),
            entry("no-capability", with(FROM_A_FILE, "module.name")),
            entry("bad-flags", with(FROM_A_FILE, "module.name")),
            entry("descriptor-of-no-file", with(FROM_A_FILE, "module.name")),
            entry("init-fails", FROM_A_FILE),
            entry("parameter-refuses", FROM_A_FILE),
            entry("unsigned-file", with(FROM_A_FILE, "module.name", "codeMayHaveRun")),
            entry("unsigned-memory", with(FROM_MEMORY, "module.name", "codeMayHaveRun")),
            entry("no-such-module", OF_ANY),
            entry("last", OF_ANY));

    assertThat(expected)
        .allSatisfy(
            (name, gaps) ->
                assertThat(gaps(load(name))).as(name).containsExactlyInAnyOrderElementsOf(gaps));
  }

  @Test
  void whatBothSay_isTheSame() {
    for (int i = 0; i < seen.size(); i++) {
      JsonNode live = seen.get(i);
      JsonNode load = replayed.get(i);
      for (String pointer :
          List.of(
              "/loader/comm",
              "/loader/exe",
              "/loader/args",
              "/loader/uid",
              "/loader/euid",
              "/loader/ancestors/0/pid",
              "/route/abi",
              "/route/flags",
              "/returnValue")) {
        assertThat(load.at(pointer)).as("%s of %s", pointer, live).isEqualTo(live.at(pointer));
      }
      if (load.has("file")) {
        assertThat(load.at("/file/path")).isEqualTo(live.at("/file/path"));
        assertThat(load.at("/file/place")).isEqualTo(live.at("/file/place"));
      }
      assertThat(load.path("codeMayHaveRun").asBoolean(false))
          .as("%s", live)
          .isEqualTo(live.path("codeMayHaveRun").asBoolean(false));
      assertThat(load.at("/findings").toString().contains("TRC-1017"))
          .as("%s", live)
          .isEqualTo(live.at("/findings").toString().contains("TRC-1017"));
    }
    assertThat(replayed).filteredOn(load -> load.has("file")).hasSize(2);
  }

  @Test
  void autoload_isNotClaimed_sinceTheLogDoesNotSayWhatItsParentIs() {
    JsonNode load =
        replayed.stream()
            .filter(each -> each.at("/module/name").asString("").equals("af_alg"))
            .findFirst()
            .orElseThrow();

    assertThat(load.at("/route/autoload").asBoolean(false)).isFalse();
    assertThat(load.has("requester")).isFalse();
    assertThat(gaps(load))
        .containsExactlyInAnyOrderElementsOf(
            with(TestKernels.is61(guest.kernel()) ? FROM_A_FILE : FROM_MEMORY, "route.autoload"));
  }

  @Test
  void ausearch_givesTheSame_rawAndNot() throws Exception {
    assertThat(replay("ausearch-raw.log")).isEqualTo(replayed);
    assertThat(inWords(replay("ausearch.log"))).isEqualTo(inWords(replayed));
  }

  @Test
  void canary_isInTheLog_untilTheRuleExcludesIt_andNobodyElsesFailedCall() throws Exception {
    String counted =
        Files.readAllLines(result.guestLog()).stream()
            .filter(line -> line.startsWith("canaries in the log: "))
            .findFirst()
            .orElseThrow();
    assertThat(counted).matches("canaries in the log: [1-9]\\d*, excluded but there: 0");
    String canaries = counted.replaceAll("\\D*(\\d+).*", "$1");

    assertThat(Files.readString(result.out().resolve("audit.log.errors")))
        .containsPattern(", %s canary calls? left out\n$".formatted(canaries));
    assertThat(load("descriptor-of-no-file").at("/errno").asString()).isEqualTo("EBADF");
    int another = guest.theCase("canary-of-another").pid();
    assertThat(seen).noneMatch(load -> load.at("/loader/hostPid").asInt() == another);
  }

  @Test
  void auditLostNothing() throws Exception {
    assertThat(Files.readAllLines(result.guestLog())).contains("audit lost 0");
  }

  private JsonNode load(String caseName) {
    int pid = guest.theCase(caseName).pid();
    List<JsonNode> found =
        replayed.stream().filter(load -> load.at("/loader/hostPid").asInt() == pid).toList();
    assertThat(found).as(caseName).hasSize(1);
    return found.getFirst();
  }

  /** Returns each load in words: process, module, call, outcome. */
  private static List<String> inWords(List<JsonNode> loads) {
    return loads.stream()
        .map(
            load ->
                "%d %s %s %s %s"
                    .formatted(
                        load.at("/loader/hostPid").asInt(),
                        load.at("/action").asString(),
                        load.at("/route/syscall").asString(),
                        load.at("/outcome").asString(),
                        load.at("/errno").asString("-")))
        .toList();
  }

  private static List<String> gaps(JsonNode load) {
    var gaps = new ArrayList<String>();
    load.at("/gaps").forEach(gap -> gaps.add(gap.get("field").asString()));
    return gaps;
  }

  private static List<String> with(List<String> gaps, String... more) {
    var all = new ArrayList<>(gaps);
    all.addAll(List.of(more));
    return List.copyOf(all);
  }

  /**
   * Returns the load records that the replay command writes for a file of the guest. The command
   * runs once for a file: JUnit makes an instance of this class for each test.
   */
  private List<JsonNode> replay(String file) throws Exception {
    Path loads = result.out().resolve(file + ".loads");
    Path errors = result.out().resolve(file + ".errors");
    if (Files.exists(loads)) {
      return JsonLines.of(loads);
    }
    Path unchecked = result.out().resolve(file + ".unchecked");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                Checkout.find().libraryFolder().resolve("*").toString(),
                "org.kmodwatch.agent.Main",
                "replay",
                "--strict",
                "-o",
                "loads",
                result.out().resolve(file).toString())
            .redirectOutput(unchecked.toFile())
            .redirectError(errors.toFile())
            .start();
    assertThat(process.waitFor()).as("%s", Files.readString(errors)).isZero();
    assertThat(Files.readString(errors)).contains(" 0 bad lines, 0 malformed events");
    Files.move(unchecked, loads);
    return JsonLines.of(loads);
  }
}

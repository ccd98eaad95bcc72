package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Tests changes of pins, rings and maps by root, while the agent runs and between two starts. The
 * agent has the user and the capabilities of the package's service. {@code
 * -Dkmodwatch.kernels=6.1,6.12-rt} selects other kernels.
 */
@Guest(
    script = "watched.sh",
    modules = {"kw_plain", "kw_params", "kw_export"},
    agent = GuestAgent.AT_HAND,
    minutes = 6,
    kernels = Guest.Kernels.NEWEST)
record WatchedIT(List<String> log) {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Test
  void mapsThatUserSpaceOnlyReads_cannotBeWritten_byRoot() {
    assertThat(log)
        .contains(
            "counters rewrite ret=-1 errno=EPERM",
            "blank rewrite ret=-1 errno=EPERM",
            ".rodata rewrite ret=-1 errno=EPERM",
            "pinned rewrite ret=-1 errno=EPERM",
            "canary rewrite ret=-1 errno=EPERM",
            "common_buckets rewrite ret=-1 errno=EPERM",
            "loaded_changes rewrite ret=-1 errno=EPERM");
  }

  @Test
  void mapThatUserSpaceWrites_isPutBackAndAFinding_whenAnotherWritesIt() {
    assertThat(log).contains("control wipe ret=0 errno=0");
    assertThat(details("first", "control"))
        .containsExactly(
            "somebody wrote to what the programs are told by the agent: it was put back");
  }

  @Test
  void folderOfPins_hasOneOwner_whoIsNamed() {
    assertThat(log)
        .contains(
            "another: status 75",
            "another: kmodwatch: the pins in /sys/fs/bpf/kw belong to another kmodwatch, process"
                + " PID (java): stop that one, or give this one a folder of its own with"
                + " --pin=DIR");
  }

  @Test
  void pins_arePutBackAndAFinding_whenTheyAreRemovedFromARunningAgent() {
    assertThat(details("first", "pins"))
        .isNotEmpty()
        .allMatch(
            detail ->
                detail.matches(
                    "\\d+ pins? \\(.*\\) were removed or replaced in /sys/fs/bpf/kw/[0-9a-f]{16},"
                        + " and put back by this process, which had them all the time"));
    assertThat(log).contains("pins 0 fewer while it runs", "pins 0 fewer after it was killed");
  }

  @Test
  void setOfPins_isReplacedAndAFinding_whenPartOfItWasRemovedBetweenTwoLives() {
    assertThat(details("second", "pins"))
        .singleElement()
        .asString()
        .matches(
            "\\d+ pins \\(.*, …\\) were removed or replaced in /sys/fs/bpf/kw/[0-9a-f]{16}: between"
                + " \\S+Z and \\S+Z not all was seen; new programs were put on the hooks, and what"
                + " the old ones sent is read as far as it is there");
    assertThat(log).anyMatch(line -> line.matches("second log: armed: (\\d+) of \\1 hooks.*"));
    assertThat(log).contains("init ret=0 errno=0");
  }

  @Test
  void loadBeforeThePinsWereRemoved_isToldFromTheOldRings() {
    JsonNode load = load("second", "kw_params", "finit_module");

    assertThat(load.get("outcome").asString()).isEqualTo("loaded");
    assertThat(load.at("/file/path").asString()).isEqualTo("/root/kw_params.ko");
    assertThat(load.at("/image/sha256").asString()).hasSize(64);
    assertThat(load.get("findings").toString()).contains("TRC-1017");
  }

  @Test
  void loadAfterThePinsWereRemoved_isSeenByTheNewPrograms() {
    JsonNode load = load("second", "kw_params", "init_module");

    assertThat(load.get("outcome").asString()).isEqualTo("loaded");
    assertThat(load.get("findings").toString()).contains("TRC-1017", "KMW-1001");
  }

  @Test
  void load_isToldAndAFinding_whenTheRingsReaderWasMovedOnBetweenTwoLives() {
    assertThat(load("third", "kw_plain", "finit_module").get("outcome").asString())
        .isEqualTo("loaded");
    assertThat(details("third", "rings"))
        .singleElement()
        .asString()
        .matches(
            "the reader was moved on while nobody read, by somebody or by a Kmodwatch that could"
                + " not write its state, between \\S+Z and \\S+Z:"
                + " ring_attempts by \\d+ bytes, which were read all the same; ring_loads by \\d+"
                + " bytes, which were read all the same");
    assertThat(details("third", "counters")).isEmpty();
  }

  @Test
  void timeWithoutPrograms_isAFindingThatSaysFromWhenToWhen_whenThePinsAreGone() {
    String detail = details("fourth", "pins").getFirst();
    Matcher matcher =
        Pattern.compile(
                "they were in /sys/fs/bpf/kw/[0-9a-f]{16} and are gone: nobody watched from (\\S+)"
                    + " to (\\S+)")
            .matcher(detail);
    assertThat(detail).matches(matcher.pattern());
    assertThat(matcher.matches()).isTrue();
    assertThat(Duration.between(Instant.parse(matcher.group(1)), Instant.parse(matcher.group(2))))
        .isBetween(Duration.ZERO, Duration.ofMinutes(2));
    JsonNode load =
        loads("fourth").stream()
            .filter(l -> l.at("/module/name").asString("").equals("kw_export"))
            .findFirst()
            .orElseThrow();
    assertThat(load.get("preExisting").asBoolean()).isTrue();
    assertThat(log).contains("ended 0");
  }

  @Test
  void start_saysNothing_whereNothingWasDone() {
    assertThat(log)
        .filteredOn(line -> line.matches("first log: blind: .*"))
        .allMatch(line -> line.matches("first log: blind: (control|pins): .*"));
  }

  private JsonNode load(String life, String module, String syscall) {
    List<JsonNode> found =
        loads(life).stream()
            .filter(l -> l.at("/module/name").asString("").equals(module))
            .filter(l -> l.at("/route/syscall").asString("").equals(syscall))
            .toList();
    assertThat(found).as(life + " " + module + " " + syscall).hasSize(1);
    return found.getFirst();
  }

  private List<JsonNode> loads(String life) {
    return json(life + " load: ");
  }

  private List<String> details(String life, String part) {
    return json(life + " finding: ").stream()
        .filter(f -> f.at("/SigMetadata/ID").asString().equals("KMW-1012"))
        .filter(f -> f.at("/Event/Payload/args/0/value").asString().equals(part))
        .map(f -> f.at("/Event/Payload/args/1/value").asString())
        .toList();
  }

  private List<JsonNode> json(String prefix) {
    return log.stream()
        .filter(line -> line.startsWith(prefix))
        .map(line -> MAPPER.readTree(line.substring(prefix.length())))
        .toList();
  }
}

package org.kmodwatch.lab;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import tools.jackson.databind.JsonNode;

/**
 * Tests every route by which a module enters a real kernel, and every failure of each. One boot per
 * kernel runs all cases of {@code cases.sh}. The sensor's record is compared with the answer to
 * each caller.
 */
@CasesGuest
record LoadsIT(GuestRecord guest) {

  private static final String LOADED_FROM_FILE =
      "security_kernel_read_file=0 security_kernel_post_read_file=0"
          + " module_image=0 module_coming=0 module_load=0 module_init=0 finit_module=0";
  private static final String LOADED_FROM_MEMORY =
      "security_kernel_load_data=0 security_kernel_post_load_data=0"
          + " module_image=0 module_coming=0 module_load=0 module_init=0 init_module=0";
  private static final String READ_THEN =
      "security_kernel_read_file=0 security_kernel_post_read_file=0 ";
  private static final String TAKEN_THEN =
      "security_kernel_load_data=0 security_kernel_post_load_data=0 ";
  private static final String UNLOADED = "module_free=0 delete_module=0";

  /** The cases that make the kernel request a module, by a call that is not for modules. */
  private static final Set<String> ASKING = Set.of("autoload", "request-refused");

  @Test
  void everyCase_leavesExactlyTheEventsOfItsWay_inOrder() {
    var expected =
        Map.ofEntries(
            entry("file", LOADED_FROM_FILE),
            entry("delete", UNLOADED),
            entry("params", LOADED_FROM_FILE),
            entry("memory", LOADED_FROM_MEMORY),
            entry("memfd", LOADED_FROM_FILE),
            entry("unlinked", LOADED_FROM_FILE),
            entry("int80", LOADED_FROM_FILE),
            entry("int80-delete", UNLOADED),
            entry("int80-memory", LOADED_FROM_MEMORY),
            entry("forced", LOADED_FROM_FILE),
            entry("long-name", LOADED_FROM_FILE),
            entry("delete-long-name", UNLOADED),
            entry("odd-path", LOADED_FROM_FILE),
            entry("deep-path", LOADED_FROM_FILE),
            entry("mounted", LOADED_FROM_FILE),
            entry("namespace", LOADED_FROM_FILE),
            entry(
                "compressed",
                is61() ? READ_THEN + "module_image=0 finit_module=-95" : LOADED_FROM_FILE),
            entry("delete-compressed", is61() ? "delete_module=-2" : UNLOADED),
            entry("compressed-unsaid", READ_THEN + "module_image=0 finit_module=-8"),
            entry("no-capability-file", "finit_module=-1"),
            entry("no-capability-memory", "init_module=-1"),
            entry("bad-descriptor", "finit_module=-9"),
            entry("bad-flags", "finit_module=-22"),
            entry("junk-file", READ_THEN + "module_image=0 finit_module=-8"),
            entry("junk-memory", "init_module=-8"),
            entry("empty-file", "finit_module=-22"),
            entry("already-there", READ_THEN + "module_image=0 finit_module=-17"),
            entry("unresolved", READ_THEN + "module_image=0 finit_module=-2"),
            entry(
                "second-try",
                READ_THEN
                    + "module_image=0 finit_module=-2 "
                    + TAKEN_THEN
                    + "module_image=0 init_module=-2"),
            entry(
                "init-fails",
                READ_THEN
                    + "module_image=0 module_coming=0 module_load=0 module_free=0 module_init=-19"
                    + " finit_module=-19"),
            entry(
                "parameter-refuses", READ_THEN + "module_image=0 module_coming=0 finit_module=-13"),
            entry("no-such-module", "delete_module=-2"),
            entry(
                "crash-in-memory",
                TAKEN_THEN + "module_image=0 module_coming=0 module_load=0 init_module=null"),
            entry(
                "never-returns",
                TAKEN_THEN + "module_image=0 module_coming=0 module_load=0 init_module=null"));

    assertThat(expected)
        .allSatisfy(
            (name, events) -> assertThat(inWords(guest.eventsOf(name))).as(name).isEqualTo(events));
  }

  @Test
  void everyCase_raisesExactlyTheFindingsOfItsWay() {
    var expected =
        Map.ofEntries(
            entry("file", 1),
            entry("delete", 0),
            entry("params", 1),
            entry("memory", 1),
            entry("memfd", 1),
            entry("unlinked", 1),
            entry("int80", 1),
            entry("int80-memory", 1),
            entry("forced", 1),
            entry("rmmod", 0),
            entry("long-name", 1),
            entry("odd-path", 1),
            entry("deep-path", 1),
            entry("mounted", 1),
            entry("namespace", 1),
            entry("compressed", 1),
            entry("compressed-unsaid", 1),
            entry("modprobe", 1),
            entry("parallel", is61() ? 8 : 1),
            entry("no-capability-file", 0),
            entry("no-capability-memory", 1),
            entry("bad-descriptor", 0),
            entry("bad-flags", 0),
            entry("junk-file", 1),
            entry("junk-memory", 1),
            entry("empty-file", 0),
            entry("already-there", 1),
            entry("unresolved", 1),
            entry("second-try", 2),
            entry("init-fails", 1),
            entry("parameter-refuses", 1),
            entry("no-such-module", 0),
            entry("crash-in-memory", 1),
            entry("never-returns", 1));

    assertThat(expected)
        .allSatisfy(
            (name, count) ->
                assertThat(guest.findingsOf(name, "TRC-1017"))
                    .as(name)
                    .hasSizeBetween(
                        name.equals("parallel") ? count - guest.skippedReads() : count, count));
  }

  @Test
  void findings_areOneForEachInitModuleAndEachModuleFileRead_andNoMore() {
    long grounds =
        guest.events().stream()
            .filter(
                event ->
                    event.eventName().equals("init_module")
                        || (event.eventName().equals("security_kernel_read_file")
                            && event
                                .argument("type")
                                .equals(Optional.of(Value.of("kernel-module")))))
            .count();

    assertThat(guest.findings("TRC-1017")).hasSize((int) grounds);
  }

  @Test
  void everyCall_hasTheReturnValueThatItsCallerWasTold() {
    var unseen = new ArrayList<Long>();
    assertThat(guest.cases().values())
        .filteredOn(theCase -> !theCase.calls().isEmpty() && !ASKING.contains(theCase.name()))
        .hasSizeGreaterThan(40)
        .allSatisfy(
            theCase -> {
              var told = new ArrayList<>(theCase.returnValuesTold());
              assertThat(guest.returnValuesSeen(theCase))
                  .as(theCase.name())
                  .allSatisfy(seen -> assertThat(told.remove(seen)).isTrue());
              unseen.addAll(told);
            });
    assertThat(unseen).hasSizeLessThanOrEqualTo(guest.skippedReturns());
  }

  @Test
  void file_isDescribedInFull() {
    Event read = guest.event("file", "security_kernel_read_file");
    Event load = guest.event("file", "module_load");
    Event call = guest.event("file", "finit_module");
    int pid = guest.theCase("file").pid();

    assertThat(read.stringArgument("pathname")).contains("/root/kw_plain.ko");
    assertThat(read.stringArgument("type")).contains("kernel-module");
    assertThat(names(read)).containsExactly("pathname", "dev", "inode", "type", "ctime");
    assertThat(bits(read, "inode")).isPositive();
    assertThat(bits(read, "ctime"))
        .as("the file was unpacked while the guest booted, less than 5 minutes before")
        .isBetween(read.timestampNanos() - 300_000_000_000L, read.timestampNanos());
    assertThat(names(load))
        .containsExactly("name", "version", "src_version", "pathname", "dev", "inode", "ctime");
    assertThat(load.stringArgument("name")).contains("kw_plain");
    assertThat(load.stringArgument("version")).contains("1.2.3");
    assertThat(load.argument("inode")).isEqualTo(read.argument("inode"));
    assertThat(load.argument("ctime")).isEqualTo(read.argument("ctime"));
    assertThat(names(call)).containsExactly("fd", "param_values", "flags");
    assertThat(call.stringArgument("param_values")).contains("");
    assertThat(call.argument("flags")).contains(Value.of(0));
    assertThat(call.timestampNanos()).isLessThan(read.timestampNanos());
    assertThat(guest.eventsOf("file"))
        .allSatisfy(
            event -> {
              assertThat(event.syscall()).isEqualTo("finit_module");
              assertThat(event.hostName()).isEqualTo("kmodwatch-lab");
              assertThat(event.compat()).isFalse();
              assertThat(event.process().processName()).isEqualTo("kwload");
              assertThat(event.process().executablePath()).isEqualTo("/usr/bin/kwload");
              assertThat(event.process().processId()).isEqualTo(pid);
              assertThat(event.process().threadId()).isEqualTo(pid);
              assertThat(event.process().hostThreadId()).isEqualTo(pid);
              assertThat(event.process().parentProcessId())
                  .isEqualTo(event.process().hostParentProcessId())
                  .isPositive();
              assertThat(event.process().userId()).isZero();
              assertThat(event.process().threadStartTimeNanos())
                  .isBetween(call.timestampNanos() - 60_000_000_000L, call.timestampNanos());
              assertThat(event.process().pidNamespace()).isEqualTo(0xEFFFFFFCL);
              assertThat(event.process().mountNamespace()).isPositive();
            });
  }

  @Test
  void parameters_areWholeInTheCallAndAsTheModuleGotThem() {
    assertThat(guest.event("params", "finit_module").stringArgument("param_values"))
        .contains("number=42 text=\"two words\"");
    assertThat(guest.event("params", "module_coming").stringArgument("param_values"))
        .contains("number=42 text=\"two words\"");
    assertThat(guest.event("memory", "init_module").stringArgument("param_values"))
        .contains("number=7");
    assertThat(bits(guest.event("memory", "init_module"), "len"))
        .isEqualTo(bits(guest.event("memory", "security_kernel_post_load_data"), "size"))
        .isPositive();
  }

  @Test
  void paths_areWholeAndTellWhatIsNoFileAnyMore() {
    assertThat(pathname("memfd")).isEqualTo("/memfd:kwload (deleted)");
    assertThat(pathname("unlinked")).matches("/tmp/kwload-\\w+ \\(deleted\\)");
    assertThat(pathname("odd-path")).isEqualTo("/root/a \"b\"\n\\\\xff.ko");
    assertThat(pathname("mounted")).isEqualTo("/mnt/inner/kw_plain.ko");
    assertThat(pathname("deep-path"))
        .isEqualTo(
            Stream.iterate(0, i -> i + 1)
                .limit(40)
                .map(i -> "d" + i)
                .collect(Collectors.joining("/", "/tmp/", "/kw_plain.ko")));
  }

  @Test
  void thirtyTwoBitTable_isTold_whenAnInterruptGateIsUsed() {
    for (String name : List.of("int80", "int80-memory", "int80-delete")) {
      assertThat(guest.eventsOf(name))
          .as(name)
          .isNotEmpty()
          .allSatisfy(event -> assertThat(event.compat()).isTrue());
    }
  }

  @Test
  void flags_areToldAndTheTaintOfAForcedLoad() {
    assertThat(guest.event("forced", "finit_module").argument("flags")).contains(Value.of(3));
    assertThat(bits(guest.event("forced", "module_coming"), "taints") & 2).isEqualTo(2);
    assertThat(bits(guest.event("file", "module_coming"), "taints") & 2).isZero();
    assertThat(guest.event("bad-flags", "finit_module").argument("flags")).contains(Value.of(128));
  }

  @Test
  void process_isKnownInsideAndOutsideItsNamespace() {
    Event call = guest.event("namespace", "finit_module");

    assertThat(call.process().processId()).isEqualTo(1);
    assertThat(call.process().threadId()).isEqualTo(1);
    assertThat(call.process().parentProcessId()).as("the parent is outside").isZero();
    assertThat(call.process().hostParentProcessId()).isEqualTo(guest.theCase("namespace").pid());
    assertThat(call.process().hostProcessId()).isGreaterThan(guest.theCase("namespace").pid());
    assertThat(call.process().pidNamespace())
        .isNotEqualTo(guest.event("file", "finit_module").process().pidNamespace());
    assertThat(call.process().mountNamespace())
        .isNotEqualTo(guest.event("file", "finit_module").process().mountNamespace());
  }

  @Test
  void autoload_namesWhoAskedAndWhatModprobeDid() {
    Event request =
        guest.eventsOf("autoload", "security_kernel_module_request").stream()
            .findFirst()
            .orElseThrow();
    List<Event> modprobe =
        guest.events().stream()
            .filter(
                event ->
                    event.process().processName().equals("modprobe")
                        && event.process().hostProcessId() != guest.theCase("modprobe").pid())
            .toList();

    assertThat(request.stringArgument("name")).contains("net-pf-38");
    assertThat(request.process().userId()).isEqualTo(65534);
    assertThat(request.process().processName()).isEqualTo("kwload");
    assertThat(guest.eventsOf("autoload", "module_request")).isNotEmpty();
    // 6.12's modules are compressed, and kmod 30 loads them from memory.
    assertThat(inWords(modprobe)).isEqualTo(is61() ? LOADED_FROM_FILE : LOADED_FROM_MEMORY);
    assertThat(modprobe)
        .filteredOn(event -> event.eventName().equals("module_load"))
        .singleElement()
        .satisfies(load -> assertThat(load.stringArgument("name")).contains("af_alg"));
    assertThat(modprobe)
        .allSatisfy(
            event -> {
              assertThat(event.process().userId()).isZero();
              assertThat(event.timestampNanos()).isGreaterThan(request.timestampNanos());
            });
  }

  @Test
  void parallelCalls_areAllThere_andOneOfThemIsTheLoad() {
    assertThat(guest.eventsOf("parallel", "finit_module"))
        .hasSizeBetween(8 - guest.skippedReturns(), 8);
    assertThat(guest.eventsOf("parallel", "module_load")).hasSize(1);
    int reads = is61() ? 8 : 1;
    assertThat(guest.eventsOf("parallel", "security_kernel_read_file"))
        .hasSizeBetween(reads - guest.skippedReads(), reads);
  }

  @Test
  void programsThatWereSkipped_areInTheLedger_andThereAreNoneButOnRealTimeKernels() {
    JsonNode missed = guest.ledger().at("/sensor/missedByHook");

    assertThat(missed.isObject()).isTrue();
    if (!TestKernels.isRealTime(guest.kernel())) {
      assertThat(missed.properties()).isEmpty();
    }
  }

  @Test
  void finding_hasTheWholeEventAndTheSignaturesMetadata() {
    JsonNode finding = guest.findingsOf("memory", "TRC-1017").getFirst();

    assertThat(finding.propertyNames()).containsExactly("Data", "Event", "SigMetadata");
    assertThat(finding.get("Data").isNull()).isTrue();
    assertThat(finding.at("/Event/Headers/Selector").toString())
        .isEqualTo("{\"Name\":\"init_module\",\"Origin\":\"host\",\"Source\":\"tracee\"}");
    assertThat(finding.at("/Event/Payload/eventName").asString()).isEqualTo("init_module");
    assertThat(finding.at("/Event/Payload/returnValue").asInt()).isZero();
    assertThat(finding.at("/SigMetadata/Name").asString())
        .isEqualTo("Kernel module loading detected");
    assertThat(finding.at("/SigMetadata/Properties/Severity").asInt()).isEqualTo(2);
    assertThat(finding.at("/SigMetadata/Properties/external_id").asString()).isEqualTo("T1547.006");
  }

  @Test
  void ledger_addsUpAndNothingWasLost() {
    JsonNode sensor = guest.ledger().get("sensor");

    assertThat(sensor.get("lost").asLong()).isZero();
    assertThat(sensor.get("seen").asLong())
        .isEqualTo(sensor.get("delivered").asLong())
        .isPositive();
    assertThat(
            guest.ledger().at("/engine/events").asLong()
                - guest.ledger().at("/engine/eventsByName/kernel_module").asLong())
        .as("the engine was given all events, and the records")
        .isEqualTo(guest.events().size());
  }

  private boolean is61() {
    return TestKernels.is61(guest.kernel());
  }

  private String pathname(String caseName) {
    return guest
        .event(caseName, "security_kernel_read_file")
        .stringArgument("pathname")
        .orElseThrow();
  }

  private static long bits(Event event, String argument) {
    return event.argument(argument).orElseThrow() instanceof Value.Num number
        ? number.bits().orElseThrow()
        : -1;
  }

  private static List<String> names(Event event) {
    return Objects.requireNonNull(event.args()).stream().map(Argument::name).toList();
  }

  /**
   * Returns for example {@code module_load=0 finit_module=0}; null for a call that has not
   * returned.
   */
  static String inWords(List<Event> events) {
    var words = new ArrayList<String>();
    for (Event event : events) {
      words.add(event.eventName() + "=" + event.returnValue());
    }
    return String.join(" ", words);
  }
}

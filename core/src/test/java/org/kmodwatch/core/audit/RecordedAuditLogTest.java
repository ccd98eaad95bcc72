package org.kmodwatch.core.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.write.EventWriter;

/**
 * Tests the log that auditd wrote in our own lab, under Linux 6.12 (test resources,
 * recordings/README.md).
 */
@NullMarked
class RecordedAuditLogTest {

  private static final String ENRICHED = AuditReading.resource("audit-enriched.log");
  private static final Pattern ID = Pattern.compile("audit\\([0-9.]+:(\\d+)\\)");

  @Test
  void everyCall_isOneLoad_asTheKernelAnsweredIt() {
    AuditReading reading = AuditReading.of(ENRICHED);

    assertThat(reading.badLines()).isEmpty();
    // recordings/README.md lists the recorded commands.
    assertThat(reading.inWords())
        .containsExactly(
            "insmod 384 finit_module LOADED null kw_plain /root/kw_plain.ko TRC-1017",
            "rmmod 385 delete_module UNLOADED null kw_plain -",
            "insmod 386 finit_module LOADED null kw_params - TRC-1017",
            "modprobe 388 init_module LOADED null dummy - TRC-1017",
            "kwload 392 finit_module LOADED null kw_plain - TRC-1017",
            "kwload 393 delete_module UNLOADED null kw_plain -",
            "kwload 394 finit_module LOADED null kw_plain - TRC-1017",
            "kwload 395 finit_module FAILED EEXIST kw_plain - TRC-1017",
            "kwload 397 finit_module LOADED null kw_plain - TRC-1017",
            "kwload 399 finit_module REFUSED EPERM null -",
            "kwload 400 init_module REFUSED EPERM null - TRC-1017",
            "busybox 401 finit_module FAILED ENOENT kw_unresolved - TRC-1017",
            "busybox 401 init_module FAILED ENOENT kw_unresolved - TRC-1017",
            "kwload 402 finit_module FAILED ENODEV kw_initfail - TRC-1017",
            "kwload 403 finit_module FAILED EACCES kw_paramrefuse - TRC-1017",
            "kwload 404 finit_module FAILED EBADF null -",
            "kwload 405 finit_module FAILED EINVAL null -",
            "kwload 406 delete_module FAILED ENOENT kw_nothing -",
            "kwload 407 finit_module FAILED ENOEXEC null - TRC-1017",
            "kwload 408 init_module FAILED ENOEXEC null - TRC-1017",
            "kwload 409 finit_module FAILED EINVAL null -",
            "modprobe 414 init_module LOADED null af_alg - TRC-1017",
            "kwload 420 finit_module LOADED null null - TRC-1017",
            "kwload 423 finit_module LOADED null kw_plain - TRC-1017",
            "kwload 426 finit_module LOADED null kw_plain - TRC-1017",
            "kwload 429 init_module FAILED null kw_oops - TRC-1017");
  }

  @Test
  void refusedModules_areToldFromThoseTheKernelTook_inARawLog() {
    AuditReading reading = AuditReading.of(AuditReading.resource("audit-raw.log"));

    assertThat(reading.badLines()).isEmpty();
    assertThat(reading.inWords())
        .containsExactly(
            "insmod 468 finit_module REFUSED EKEYREJECTED null /root/kw_plain.ko TRC-1017",
            "kwload 469 init_module REFUSED EKEYREJECTED null - TRC-1017",
            "modprobe 470 init_module LOADED null dummy - TRC-1017",
            "rmmod 471 delete_module UNLOADED null dummy -",
            "insmod 472 finit_module REFUSED EPERM null /root/kw_plain.ko");
    assertThat(reading.loads().getFirst().reason())
        .isEqualTo(
            "the signature is missing, the kernel does not have its key, or it is wrong; which is"
                + " not known");
    assertThat(reading.loads().getLast().reason())
        .isEqualTo(
            "no capability CAP_SYS_MODULE, or kernel.modules_disabled is set, or lockdown or"
                + " module_blacklist forbids it; which is not known");
  }

  @Test
  void node_isTheHost() {
    AuditReading reading = AuditReading.of(AuditReading.resource("audit-node.log"));

    assertThat(reading.inWords())
        .containsExactly(
            "insmod 448 finit_module LOADED null kw_plain /root/kw_plain.ko TRC-1017",
            "kwload 449 delete_module UNLOADED null kw_plain -");
    assertThat(reading.loads())
        .allSatisfy(load -> assertThat(load.host().name()).isEqualTo("some.host"))
        .allSatisfy(load -> assertThat(AuditReading.gaps(load)).doesNotContain("host"));
  }

  @Test
  void load_saysWhatTheLogSays_andNothingElse() {
    LoadRecord load = AuditReading.of(ENRICHED).loads().getFirst();

    assertThat(load.id()).isEqualTo("18eb5322789fb2c0-180-6");
    assertThat(load.timeNanos()).isEqualTo(1_795_620_283_955_000_000L);
    assertThat(load.durationNanos()).isNull();
    assertThat(load.returnValue()).isZero();
    assertThat(load.route())
        .isEqualTo(
            new LoadRecord.Route("finit_module", "native", List.of(), null, false, null, false));
    assertThat(load.module())
        .isEqualTo(
            LoadRecord.ModuleDetails.ofKernel("kw_plain", null, null, List.of(), null, List.of()));
    assertThat(load.image()).isNull();
    assertThat(load.file())
        .isEqualTo(
            new LoadRecord.ModuleFile(
                "/root/kw_plain.ko", 0, 0, 0, false, LoadRecord.Place.HOME, null));
    assertThat(load.loader())
        .isEqualTo(
            new LoadRecord.ProcessDetails(
                0,
                0,
                0,
                384,
                "insmod",
                "/usr/bin/kmod",
                List.of("insmod", "/root/kw_plain.ko"),
                0,
                0L,
                null,
                null,
                List.of(),
                0,
                Map.of(),
                null,
                List.of(new LoadRecord.Ancestor(366, "", null))));
    assertThat(load.requester()).isNull();
    assertThat(load.codeMayHaveRun()).isFalse();
    assertThat(load.gaps())
        .containsExactly(
            gap("durationNs", "an audit log does not say when the call returned"),
            gap("host", "the log names no node; auditd's name_format has it do so"),
            gap("route.params", "an audit log has their address only"),
            gap("module", "an audit log has no more of it than its name"),
            gap("image", "an audit log has nothing of the module's bytes"),
            gap(
                "file",
                "path and place are by the loader's command line; an audit log does not say which"
                    + " file was open"),
            gap(
                "loader",
                "an audit log has no thread id, ids of a namespace, start time, capabilities,"
                    + " namespaces, cgroup, nor ancestors past the parent"),
            gap("container", "an audit log does not say"));
  }

  @Test
  void unload_hasTheGapsOfAnUnload() {
    LoadRecord unload = AuditReading.of(ENRICHED).loads().get(1);

    assertThat(unload.action()).isEqualTo(LoadRecord.Action.UNLOAD);
    assertThat(unload.route().flags()).containsExactly("O_NONBLOCK");
    assertThat(AuditReading.gaps(unload))
        .containsExactly("durationNs", "host", "loader", "container");
  }

  @Test
  void loadFromMemory_hasItsSize_andNoWordOnWhetherAFileWasBehindIt() {
    LoadRecord modprobe = byPid(388);

    assertThat(modprobe.module().sizeBytes()).isEqualTo(0x4927);
    assertThat(modprobe.route().memoryOnly()).isFalse();
    assertThat(AuditReading.gaps(modprobe)).contains("route.memoryOnly").doesNotContain("file");
  }

  @Test
  void relativePath_isAGap_whereTheLogHasNoWorkingDirectory() {
    LoadRecord load = byPid(386);

    assertThat(load.file()).isNull();
    assertThat(AuditReading.why(load, "file"))
        .isEqualTo("the command line has \"kw_params.ko\", and the log has no working directory");
  }

  @Test
  void otherProgramsArguments_areNotTakenForTheFile() {
    // kwload memfd kw_plain.ko loads from a memfd.
    assertThat(byPid(394).file()).isNull();
    assertThat(AuditReading.why(byPid(394), "file"))
        .isEqualTo(
            "an audit log does not say which file was open, and the command line does not either");
  }

  @Test
  void thirtyTwoBitTable_isTold() {
    assertThat(byPid(392).route().abi()).isEqualTo("compat");
    assertThat(byPid(393).route().abi()).isEqualTo("compat");
    assertThat(byPid(384).route().abi()).isEqualTo("native");
  }

  @Test
  void flags_areTold() {
    assertThat(byPid(397).route().flags()).containsExactly("IGNORE_MODVERSIONS", "IGNORE_VERMAGIC");
    assertThat(byPid(405).route().flags()).containsExactly("0x80");
    assertThat(byPid(405).reason()).isEqualTo("the kernel does not know the flags 0x80");
  }

  @Test
  void secondTry_isLinkedToTheFirst_thoughBothAreOfOneProcess() {
    List<LoadRecord> tries = allByPid(401);

    assertThat(tries).hasSize(2);
    assertThat(tries.getLast().retryOf()).isEqualTo(tries.getFirst().id());
  }

  @Test
  void moduleCode_mayHaveRun_whereNoCheckOfTheKernelGivesTheError() {
    assertThat(AuditReading.of(ENRICHED).loads())
        .filteredOn(LoadRecord::codeMayHaveRun)
        .extracting(load -> load.module().name())
        .containsExactly("kw_initfail", "kw_paramrefuse", "kw_oops");
    assertThat(byPid(402).reason())
        .isEqualTo(
            "the module's own code, or a part of the kernel that is told of modules, returned"
                + " ENODEV (No such device)");
    assertThat(byPid(403).outcome()).isEqualTo(LoadRecord.Outcome.FAILED);
    assertThat(AuditReading.why(byPid(395), "codeMayHaveRun"))
        .isEqualTo("an audit log does not say how far the attempt came");
  }

  @Test
  void processThatEndedInTheCall_hasNoResult() {
    LoadRecord oops = byPid(429);

    assertThat(oops.returnValue()).isNull();
    assertThat(AuditReading.why(oops, "returnValue"))
        .isEqualTo("the log has no result: the process ended inside the call");
  }

  @Test
  void autoload_isNotClaimed_whereTheLogDoesNotSayWhatTheParentIs() {
    LoadRecord load = byPid(414);

    assertThat(load.route().autoload()).isFalse();
    assertThat(load.requester()).isNull();
    assertThat(AuditReading.why(load, "route.autoload"))
        .isEqualTo(
            "the command line is the kernel's own for net-pf-38, but an audit log does not say"
                + " whether the parent, 78, is a thread of the kernel");
  }

  @Test
  void autoload_isTold_whereTheParentIsKthreadd() {
    LoadRecord load =
        AuditReading.of(ENRICHED.replace("ppid=78 ", "ppid=2 ")).loads().stream()
            .filter(each -> "af_alg".equals(each.module().name()))
            .findFirst()
            .orElseThrow();

    assertThat(load.route().autoload()).isTrue();
    assertThat(AuditReading.gaps(load)).doesNotContain("route.autoload");
    assertThat(AuditReading.why(load, "requester"))
        .isEqualTo("no process was seen to ask for net-pf-38");
  }

  @Test
  void waiter_saysThatItsNameIsNotKnown() {
    assertThat(AuditReading.why(byPid(420), "module.name"))
        .isEqualTo(
            "there is no KERN_MODULE record: it was given the result of another call for the same"
                + " file, or the record was not kept");
  }

  @Test
  void raw_givesWhatEnrichedGives() {
    String raw = ENRICHED.replaceAll("\u001d[^\n]*", "");

    assertThat(raw).isNotEqualTo(ENRICHED);
    assertThat(AuditReading.of(raw).events()).isEqualTo(AuditReading.of(ENRICHED).events());
  }

  @Test
  void orderOfAusearch_givesTheSame() {
    // Without --raw, ausearch writes an event's records in reverse order, and lines between events.
    var text = new StringBuilder();
    for (List<String> event : byEvent(ENRICHED).values()) {
      text.append("----\ntime->Wed Nov 25 15:24:43 2026\n");
      event.reversed().forEach(line -> text.append(line).append('\n'));
    }
    AuditReading reading = AuditReading.of(text.toString());

    assertThat(reading.badLines()).isEmpty();
    assertThat(reading.events())
        .containsExactlyInAnyOrderElementsOf(AuditReading.of(ENRICHED).events());
  }

  @Test
  void interleavedEvents_areJoinedByTheirNumber() {
    // All events have the same time, so that none looks like an event without an end.
    String log = ENRICHED.replaceAll("audit\\([0-9.]+:", "audit(1795620283.955:");
    List<String> expected = sorted(AuditReading.of(ENRICHED).inWords());
    for (long seed = 1; seed <= 50; seed++) {
      AuditReading reading = AuditReading.of(shuffled(log, seed));

      assertThat(reading.badLines()).as("seed=%d", seed).isEmpty();
      assertThat(sorted(reading.inWords())).as("seed=%d", seed).isEqualTo(expected);
    }
  }

  @Test
  void sameRecordsTwice_areNoFurtherLoad_whenTheyComeSoonAfter() {
    AuditReading once = AuditReading.of(ENRICHED);
    AuditReading twice = AuditReading.of(ENRICHED + ENRICHED);

    assertThat(twice.loads()).hasSameSizeAs(once.loads());
  }

  @Test
  void events_readTheSame_whenTheyAreWrittenOutAndReadAgain() {
    AuditReading reading = AuditReading.of(ENRICHED);
    var writer = new EventWriter();
    var text = new StringBuilder();
    for (Event event : reading.events()) {
      text.append(new String(writer.toBytes(event), java.nio.charset.StandardCharsets.UTF_8));
    }
    AuditReading again =
        AuditReading.of(
            text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8), ReadOptions.DEFAULT);

    assertThat(again.badLines()).isEmpty();
    assertThat(again.events()).isEqualTo(reading.events());
    assertThat(again.loads()).isEqualTo(reading.loads());
  }

  @Test
  void readFile_isAnEventOfItsOwn_beforeTheCall() {
    List<Event> events = AuditReading.of(ENRICHED).events();

    assertThat(events.getFirst().eventName()).isEqualTo("security_kernel_read_file");
    assertThat(events.getFirst().argument("type")).contains(Value.of("kernel-module"));
    assertThat(events.getFirst().argument("pathname")).contains(Value.of("/root/kw_plain.ko"));
    assertThat(events.getFirst().argument("inode")).isEmpty();
    assertThat(events.get(1).eventName()).isEqualTo("finit_module");
    assertThat(events.get(1).argument("fd")).contains(Value.of(3));
    assertThat(events.get(1).argument("param_values")).isEmpty();
  }

  @Test
  void rest_ofALogIsNotKept() {
    assertThat(AuditReading.of(ENRICHED).statistics().otherLines())
        // These lines are DAEMON_START, two CONFIG_CHANGE, two sendto with PROCTITLE, one SOCKADDR.
        .isEqualTo(8);
  }

  /** Shuffles the records of different events; the records of one event stay in order. */
  private static String shuffled(String log, long seed) {
    var random = new Random(seed);
    List<List<String>> waiting = new ArrayList<>();
    byEvent(log).values().forEach(lines -> waiting.add(new ArrayList<>(lines)));
    var text = new StringBuilder();
    while (!waiting.isEmpty()) {
      List<String> next = waiting.get(random.nextInt(Math.min(5, waiting.size())));
      text.append(next.removeFirst()).append('\n');
      waiting.removeIf(List::isEmpty);
    }
    return text.toString();
  }

  private static Map<String, List<String>> byEvent(String log) {
    return AuditReading.lines(log).stream()
        .filter(line -> !line.isEmpty())
        .collect(
            Collectors.groupingBy(
                RecordedAuditLogTest::serial, LinkedHashMap::new, Collectors.toList()));
  }

  private static String serial(String line) {
    Matcher id = ID.matcher(line);
    assertThat(id.find()).as(line).isTrue();
    return id.group(1);
  }

  private static LoadRecord byPid(int pid) {
    return allByPid(pid).getFirst();
  }

  private static List<LoadRecord> allByPid(int pid) {
    return AuditReading.of(ENRICHED).loads().stream()
        .filter(load -> load.loader() != null && load.loader().hostPid() == pid)
        .toList();
  }

  private static List<String> sorted(List<String> words) {
    var sorted = new ArrayList<>(words);
    Collections.sort(sorted);
    return sorted;
  }

  private static LoadRecord.Gap gap(String field, String why) {
    return new LoadRecord.Gap(field, why);
  }
}

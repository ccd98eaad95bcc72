package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.Sensor;
import tools.jackson.databind.JsonNode;

/**
 * Tests a kernel that is locked down for confidentiality. Every load must be recorded, with all
 * fields behind typed pointers, and missing fields must be reported.
 */
@Guest(script = "lockdown.sh", modules = "kw_plain", kernelArguments = "lockdown=confidentiality")
record LockdownIT(GuestRecord guest) {

  private static final String NO_PARAMS =
      "{\"field\":\"route.params\",\"why\":\"could not be read from the caller's memory\"},";
  private static final String NO_IMAGE =
      "{\"field\":\"image\",\"why\":\"not all of its bytes came through: the buffer is too small,"
          + " or was full, or the kernel lets nobody read them\"},";
  private static final String NO_ARGS =
      "{\"field\":\"loader.args\",\"why\":\"could not be read\"},"
          + "{\"field\":\"loader.cgroup\",\"why\":\"could not be read\"}";

  @Test
  void everyAttempt_isOneRecord_withItsOutcome() {
    String unsigned =
        "refused EPERM the kernel is locked down, and the module has no valid signature";
    var expected =
        Map.of(
            "signed-file", "loaded",
            "unload", "unloaded",
            "signed-memory", "loaded",
            "long-name", "loaded",
            "namespace", "loaded",
            "unsigned-file", unsigned,
            "unsigned-memory", unsigned,
            "unsigned-memfd", unsigned,
            "no-capability", "refused EPERM the process lacks the capability CAP_SYS_MODULE",
            "blinded", "loaded");

    assertThat(expected)
        .allSatisfy(
            (name, words) ->
                assertThat(RecordsIT.outcome(guest.load(name))).as(name).isEqualTo(words));
    assertThat(guest.ledger().at("/sensor/lost").asInt()).isZero();
  }

  @Test
  void everyCall_hasTheReturnValueThatItsCallerWasTold() {
    for (String name :
        List.of("signed-file", "signed-memory", "unsigned-file", "unsigned-memory", "unload")) {
      GuestRecord.GuestCase theCase = guest.theCase(name);
      assertThat(guest.returnValuesSeen(theCase)).as(name).isEqualTo(theCase.returnValuesTold());
    }
  }

  @Test
  void everyLoad_raisesItsFinding_andNoOtherButWhereItShould() {
    var expected =
        Map.of(
            "signed-file", "[\"TRC-1017\"]",
            "signed-memory", "[\"TRC-1017\",\"KMW-1001\"]",
            "long-name", "[\"TRC-1017\"]",
            "unsigned-file", "[\"TRC-1017\",\"KMW-1003\"]",
            "unsigned-memory", "[\"TRC-1017\"]",
            "unsigned-memfd", "[\"TRC-1017\",\"KMW-1002\"]",
            "modprobe", "[\"TRC-1017\"]");

    assertThat(expected)
        .allSatisfy(
            (name, findings) ->
                assertThat(guest.load(name).get("findings").toString())
                    .as(name)
                    .isEqualTo(findings));
    for (String name : List.of("signed-file", "signed-memory", "unsigned-file")) {
      assertThat(guest.findingsOf(name, "TRC-1017")).as(name).hasSize(1);
    }
  }

  @Test
  void record_saysWhoWhatAndFromWhere_andWhatCouldNotBeRead() {
    JsonNode load = guest.load("signed-file");
    int pid = guest.theCase("signed-file").pid();

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
            "repeats",
            "gaps");
    assertThat(load.get("route").toString())
        .isEqualTo(
            TestKernels.is61(guest.kernel())
                ? "{\"syscall\":\"finit_module\",\"abi\":\"native\"}"
                : "{\"syscall\":\"finit_module\",\"abi\":\"native\","
                    + "\"flags\":[\"COMPRESSED_FILE\"],\"compression\":\"xz\"}");
    assertThat(load.at("/module/name").asString()).isEqualTo("dummy");
    assertThat(load.at("/image/sha256").asString()).hasSize(64);
    assertThat(load.at("/image/source").asString()).isEqualTo("file");
    assertThat(load.at("/image/complete").asBoolean(true)).isFalse();
    assertThat(load.at("/image/signature/status").asString()).isEqualTo("valid");
    assertThat(load.at("/file/path").asString())
        .matches("/usr/lib/modules/[^/]*/kernel/drivers/net/dummy\\.ko(\\.xz)?");
    assertThat(load.at("/file/inode").asLong()).isPositive();
    assertThat(load.at("/file/place").asString()).isEqualTo("distribution");
    JsonNode loader = load.get("loader");
    assertThat(loader.propertyNames())
        .containsExactly(
            "pid",
            "tid",
            "parentPid",
            "hostPid",
            "comm",
            "exe",
            "uid",
            "euid",
            "capabilities",
            "startTime",
            "namespaces",
            "ancestors");
    assertThat(loader.get("pid").asInt()).isEqualTo(pid);
    assertThat(loader.get("tid").asInt()).isEqualTo(pid);
    assertThat(loader.get("hostPid").asInt()).isEqualTo(pid);
    assertThat(loader.get("comm").asString()).isEqualTo("kwload");
    assertThat(loader.get("exe").asString()).isEqualTo("/usr/bin/kwload");
    assertThat(loader.get("uid").asLong()).isZero();
    assertThat(loader.get("capabilities").toString()).contains("\"CAP_SYS_MODULE\"");
    assertThat(loader.get("namespaces").propertyNames())
        .containsExactly("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts");
    assertThat(loader.at("/ancestors/0/comm").asString()).isEqualTo("sh");
    assertThat(loader.at("/ancestors/0/exe").asString()).isEqualTo("/usr/bin/dash");
    assertThat(load.get("gaps").toString()).isEqualTo("[" + NO_PARAMS + NO_IMAGE + NO_ARGS + "]");
  }

  @Test
  void record_ofALoadFromMemory_hasItsNameAndSizeAlone() {
    JsonNode load = guest.load("signed-memory");

    assertThat(load.get("route").toString())
        .isEqualTo("{\"syscall\":\"init_module\",\"abi\":\"native\",\"memoryOnly\":true}");
    assertThat(load.at("/module/name").asString()).isEqualTo("dummy");
    assertThat(load.at("/module/sizeBytes").asLong()).isPositive();
    assertThat(load.has("file")).isFalse();
    assertThat(load.get("gaps").toString())
        .isEqualTo(
            "["
                + NO_PARAMS
                + NO_IMAGE
                + "{\"field\":\"image.sha256\",\"why\":\"there is no file to read instead\"},"
                + NO_ARGS
                + "]");
  }

  @Test
  void record_ofAnUnload_namesTheModuleThatIsGone() {
    JsonNode load = guest.load("unload");

    assertThat(load.get("module").toString()).isEqualTo("{\"name\":\"dummy\"}");
    assertThat(load.get("gaps").toString()).isEqualTo("[" + NO_ARGS + "]");
  }

  @Test
  void name_thatTheKernelDoesNotKeepWithinTheDentry_isAGap() {
    JsonNode load = guest.load("long-name");

    assertThat(load.at("/file/path").asString()).isEqualTo("…/");
    assertThat(load.at("/file/inode").asLong()).isPositive();
    assertThat(load.get("gaps").toString())
        .contains("{\"field\":\"file.path\",\"why\":\"could not be read in full\"}");
  }

  @Test
  void file_isKnown_ofWhatIsRefusedAtOnce_ofAMemfd_andOfWhatModprobeTakesApart() {
    assertThat(guest.load("no-capability").at("/file/path").asString())
        .isEqualTo("/root/kw_plain.ko");
    assertThat(guest.load("no-capability").at("/loader/uid").asLong()).isEqualTo(65534);
    assertThat(guest.load("unsigned-memfd").at("/file/path").asString()).isEqualTo("/memfd:kwload");
    JsonNode load = guest.load("modprobe");
    assertThat(load.at("/route/memoryOnly").asBoolean(false)).isFalse();
    assertThat(load.at("/file/path").asString())
        .matches("/usr/lib/modules/[^/]*/kernel/drivers/net/dummy\\.ko(\\.xz)?");
  }

  @Test
  void pidInANamespace_isThatOfTheNamespace() {
    JsonNode loader = guest.load("namespace").get("loader");

    assertThat(loader.at("/namespaces/pid").asLong())
        .isPositive()
        .isNotEqualTo(guest.load("signed-file").at("/loader/namespaces/pid").asLong());
    assertThat(loader.get("hostPid").asInt()).isGreaterThan(1);
    assertThat(loader.get("pid").asInt()).isEqualTo(1);
  }

  @Test
  void requestForAModule_isTold_withoutWhatWasAskedFor() {
    assertThat(guest.eventsOf("autoload", "security_kernel_module_request"))
        .isNotEmpty()
        .allSatisfy(event -> assertThat(event.stringArgument("name")).isEmpty());
  }

  @Test
  void loadWithFtraceOff_isToldFromTheTracepoint() {
    JsonNode load = guest.load("blinded");

    assertThat(load.at("/module/name").asString()).isEqualTo("dummy");
    assertThat(load.at("/route/syscall").asString()).isEqualTo("finit_module");
    assertThat(load.at("/file/path").asString()).contains("/dummy.ko");
    assertThat(load.get("findings").toString()).contains("\"TRC-1017\"", "\"KMW-1008\"");
  }

  @Test
  void canary_isSeen_andNothingIsCalledBlindThatIsNot() {
    long off =
        guest
            .log()
            .lines()
            .filter(line -> line.startsWith("off "))
            .mapToLong(line -> Long.parseLong(line.substring("off ".length())))
            .findFirst()
            .orElseThrow();

    assertThat(guest.events())
        .filteredOn(event -> event.eventName().equals("sensor_blind"))
        .extracting(Event::timestampNanos)
        .allSatisfy(time -> assertThat(time).isGreaterThan(off));
    assertThat(guest.findings("KMW-1011")).isEmpty();
  }

  @Test
  void watchAndDoctor_sayWhatIsLost_withEveryHookAttached() {
    assertThat(guest.agentLog())
        .containsPattern("armed: (\\d+) of \\1 hooks")
        .contains(
            "without what the kernel's lockdown (confidentiality) forbids to read: "
                + Sensor.LOST_IN_LOCKDOWN);
    assertThat(guest.log())
        .contains("doctor status 0")
        .containsPattern("degraded +lockdown +confidentiality\n +lost: ")
        .contains("lost: " + Sensor.LOST_IN_LOCKDOWN)
        .contains("kmodwatch watch works here, with less; degraded: lockdown")
        .containsPattern("ok +fexit/security_kernel_read_file +attached")
        .containsPattern("ok +tp_btf/module_load +attached");
  }
}

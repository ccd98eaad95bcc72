package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Tests refusals by the kernel: unsigned modules, a blacklisted module, modules disabled. */
@Guest(
    script = "refusals.sh",
    modules = "kw_plain",
    kernelArguments = {"module.sig_enforce=1", "module_blacklist=dummy"})
record RefusalsIT(GuestRecord guest) {

  private static final String READ =
      "security_kernel_read_file=0 security_kernel_post_read_file=0 ";

  @Test
  void everyRefusal_leavesExactlyTheEventsOfItsWay_inOrder() {
    var expected =
        Map.of(
            "unsigned-file", READ + "module_image=0 finit_module=-129",
            "unsigned-memory",
                "security_kernel_load_data=0 security_kernel_post_load_data=0 module_image=0"
                    + " init_module=-129",
            "unsigned-memfd", READ + "module_image=0 finit_module=-129",
            "blacklisted", READ + "module_image=0 finit_module=-1",
            "signed",
                READ + "module_image=0 module_coming=0 module_load=0 module_init=0 finit_module=0",
            "forced", READ + "module_image=0 finit_module=-129",
            "written", READ + "module_image=0 finit_module=-129",
            "disabled-file", "finit_module=-1",
            "disabled-memory", "init_module=-1",
            "disabled-delete", "delete_module=-1");

    assertThat(expected)
        .allSatisfy(
            (name, events) ->
                assertThat(LoadsIT.inWords(guest.eventsOf(name))).as(name).isEqualTo(events));
  }

  @Test
  void everyRefusal_raisesAFinding_whereAModuleWasReadOrHandedOver() {
    var expected =
        Map.of(
            "unsigned-file", 1,
            "unsigned-memory", 1,
            "unsigned-memfd", 1,
            "blacklisted", 1,
            "signed", 1,
            "forced", 1,
            "disabled-file", 0,
            "disabled-memory", 1,
            "disabled-delete", 0);

    assertThat(expected)
        .allSatisfy(
            (name, count) ->
                assertThat(guest.findingsOf(name, "TRC-1017")).as(name).hasSize(count));
  }

  @Test
  void everyCall_hasTheReturnValueThatItsCallerWasTold() {
    assertThat(guest.cases().values())
        .hasSize(12)
        .allSatisfy(
            theCase ->
                assertThat(guest.returnValuesSeen(theCase))
                    .as(theCase.name())
                    .isEqualTo(theCase.returnValuesTold()));
  }

  @Test
  void params_areThere_whereTheCallerWroteThemJustBefore() {
    for (String name : List.of("written", "written-nobody")) {
      assertThat(guest.load(name).get("outcome").asString()).as(name).isEqualTo("refused");
      assertThat(guest.load(name).at("/route/params").asString("")).as(name).isEqualTo("number=42");
      assertThat(guest.load(name).has("gaps")).as(name).isFalse();
    }
  }

  @Test
  void paramsThatNobodyTouched_areBroughtIn_whereTheKernelLetsAProgramSleep_elseAGapSaysSo() {
    JsonNode load = guest.load("untouched");

    if (TestKernels.letsEntriesSleep(guest.kernel())) {
      assertThat(load.at("/route/params").asString("")).isEqualTo("number=42");
      assertThat(load.has("gaps")).isFalse();
    } else {
      assertThat(load.at("/route").has("params")).isFalse();
      assertThat(load.get("gaps").toString())
          .isEqualTo(
              "[{\"field\":\"route.params\",\"why\":\"could not be read from the caller's memory:"
                  + " the page was never mapped while the kernel worked\"}]");
    }
  }

  @Test
  void modulesThatWereThereBefore_areRecorded_whenASensorStarts() {
    assertThat(guest.log().lines().filter(line -> line.startsWith("before ")))
        .hasSize(2)
        .anySatisfy(
            line ->
                assertThat(line)
                    .contains("\"name\":\"af_alg\"")
                    .contains("\"usedBy\":[\"algif_hash\"]")
                    .contains("loaded before Kmodwatch started"))
        .anySatisfy(line -> assertThat(line).contains("\"name\":\"algif_hash\""));
  }

  @Test
  void agentInATimeNamespace_writesTheTimesOfTheHost() {
    long unloadingNanos =
        guest
            .log()
            .lines()
            .filter(line -> line.startsWith("unloading "))
            .mapToLong(line -> Long.parseLong(line.substring("unloading ".length())))
            .findFirst()
            .orElseThrow();
    String unload =
        guest
            .log()
            .lines()
            .filter(line -> line.startsWith("elsewhere "))
            .findFirst()
            .orElseThrow()
            .replaceFirst(".*\"time\":\"([^\"]*)\".*", "$1");

    assertThat(Instant.parse(unload))
        .isBetween(
            Instant.ofEpochSecond(0, unloadingNanos), Instant.ofEpochSecond(60, unloadingNanos));
  }

  @Test
  void guard_refusesToSwitchFtraceOff_asLongAsTheAgentRuns() {
    assertThat(guest.log().lines().filter(line -> line.startsWith("ftrace ")))
        .containsExactly(
            "ftrace guarded: 0 Operation not permitted",
            "ftrace guarded: 1 ",
            "ftrace later: 0 ",
            "ftrace later: 1 ");
    assertThat(guest.log()).contains("swappiness is set\n");
  }

  @Test
  void doctor_findsEveryHookInOrder_besideARunningSensor() {
    assertThat(guest.log())
        .contains("doctor status 0")
        .containsPattern("ok +kernel +" + TestKernels.version(guest.kernel()) + "\\.");
    assertThat(guest.log()).containsPattern("ok +lockdown +none");
    assertThat(guest.log()).containsPattern("ok +module signatures +enforced");
    assertThat(guest.log())
        .contains("fexit/security_kernel_read_file")
        .contains("tp_btf/module_load");
    assertThat(guest.log()).doesNotContain("without fentry.s/");
    assertThat(guest.log().contains("fentry.s/__x64_sys_finit_module"))
        .isEqualTo(TestKernels.letsEntriesSleep(guest.kernel()));
    assertThat(guest.log()).doesNotContain("fentry.s/__ia32_sys_");
  }
}

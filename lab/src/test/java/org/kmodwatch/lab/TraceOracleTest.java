package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.kmodwatch.lab.TraceOracle.Call;
import org.kmodwatch.lab.TraceOracle.Fork;
import org.kmodwatch.lab.TraceOracle.Request;
import org.kmodwatch.lab.TraceOracle.Task;

class TraceOracleTest {

  /**
   * Readings of the clock: the shell reads the time 40 µs before the trace does, and 30 µs at the
   * end.
   */
  private static final List<String> CLOCKS =
      List.of(
          "            bash-400     (    400) [000] .....     9.000040: tracing_mark_write: clock"
              + " 1000009.000000",
          "            bash-400     (    400) [000] .....     9.000140: tracing_mark_write: clock"
              + " 1000009.000100",
          "            bash-400     (    400) [001] .....    99.000030: tracing_mark_write: clock"
              + " 1000099.000000",
          "            bash-400     (    400) [001] .....    99.000230: tracing_mark_write: clock"
              + " 1000099.000100");

  @Test
  void load_isOneCall_withItsModuleAndTaints() {
    TraceOracle oracle =
        trace(
            "          insmod-512     (    512) [001] .....    10.000130: sys_finit_module(fd: 3,"
                + " uargs: 55d0c0ffee00, flags: 0)",
            "          insmod-512     (    512) [001] .....    10.000200: module_load: kw_plain OE",
            "          insmod-512     (    512) [001] .....    10.000330: sys_finit_module -> 0x0");

    assertThat(oracle.bootNanos()).isEqualTo(999_999_999_970_000L);
    assertThat(oracle.clockDriftNanos()).isEqualTo(10_000L);
    assertThat(oracle.calls())
        .containsExactly(
            new Call(
                "finit_module",
                Map.of("fd", 3L, "uargs", 0x55d0c0ffee00L, "flags", 0L),
                new Task("insmod", 512, 512),
                1_000_010_000_100_000L,
                1_000_010_000_300_000L,
                0,
                "kw_plain",
                List.of("OUT_OF_TREE", "UNSIGNED"),
                null));
  }

  @Test
  void failure_hasItsErrno_amongOthersCalls_andAMissingProcess() {
    TraceOracle oracle =
        trace(
            "   (udev-worker)-77      (-------) [000] .....    10.000000:"
                + " sys_delete_module(name_user: 7ffc00000000, flags: 800)",
            "           a-b c-78      (     70) [001] d..1.    10.000010: sys_init_module(umod: 1,"
                + " len: 2, uargs: 3)",
            "   (udev-worker)-77      (-------) [000] .....    10.000020: module_free: dummy",
            "   (udev-worker)-77      (-------) [000] .....    10.000030: sys_delete_module -> 0x0",
            "           a-b c-78      (     70) [001] .....    10.000040: sys_init_module ->"
                + " 0xfffffffffffffff8");

    assertThat(oracle.calls()).extracting(Call::returnValue).containsExactly(0L, -8L);
    assertThat(oracle.calls()).extracting(Call::freed).containsExactly("dummy", null);
    assertThat(oracle.calls())
        .extracting(Call::task)
        .containsExactly(new Task("(udev-worker)", 77, 0), new Task("a-b c", 78, 70));
  }

  @Test
  void requestsAndForks_areRead() {
    TraceOracle oracle =
        trace(
            "          kwload-90      (     90) [000] .....    11.000030: module_request: net-pf-38"
                + " wait=1 call_site=__sock_create",
            "    kworker/u4:2-33      (     33) [000] .....    11.000130: sched_process_fork:"
                + " comm=kworker/u4:2 pid=33 child_comm=kworker/u4:2 child_pid=91");

    assertThat(oracle.requests())
        .containsExactly(
            new Request("net-pf-38", new Task("kwload", 90, 90), 1_000_011_000_000_000L));
    assertThat(oracle.forks())
        .containsExactly(new Fork("kworker/u4:2", 33, 91, 1_000_011_000_100_000L))
        .allMatch(Fork::byKernel);
  }

  @Test
  void lostEvents_andCallsWithoutEnd_areNoTrace() {
    assertThatThrownBy(() -> trace("CPU:0 [LOST 12 EVENTS]"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no line of a trace: CPU:0 [LOST 12 EVENTS]");
    assertThatThrownBy(
            () ->
                trace(
                    "          insmod-512     (    512) [001] .....    10.000130:"
                        + " sys_finit_module(fd: 3, uargs: 0, flags: 0)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("calls that never returned: [512]");
  }

  private static TraceOracle trace(String... lines) {
    var all = new ArrayList<>(List.of("# tracer: nop", "#"));
    all.addAll(CLOCKS.subList(0, 2));
    all.addAll(List.of(lines));
    all.addAll(CLOCKS.subList(2, 4));
    return TraceOracle.of(all);
  }
}

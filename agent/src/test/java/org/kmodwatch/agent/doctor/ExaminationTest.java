package org.kmodwatch.agent.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.doctor.Check.State;
import org.kmodwatch.sensor.Hook;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.SensorException;

class ExaminationTest {

  @TempDir Path folder;
  private FakeRoot root;

  @SuppressWarnings("NullAway.Init")
  ExaminationTest() {}

  @BeforeEach
  void setUp() {
    root = FakeRoot.healthyIn(folder);
  }

  @Test
  void everythingThere_works() {
    Report report = Examination.of(root.machine(), ExaminationTest::allAttached);
    assertThat(report.checks()).allMatch(c -> c.state() == State.OK);
    assertThat(report.watchWorks()).isTrue();
    assertThat(report.verdict()).isEqualTo("kmodwatch watch works here");
  }

  @Test
  void text_isOneLineACheck() {
    String text = Examination.of(root.machine(), List::of).toText(false);
    assertThat(text)
        .isEqualTo(
            """
            STATE     CHECK                             FOUND
            ok        kernel                            6.12.117 x86_64
            ok        module support                    yes
            ok        BTF                               /sys/kernel/btf/vmlinux
            ok        BPF JIT                           net.core.bpf_jit_enable=1
            ok        capabilities                      CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN, CAP_SYS_RESOURCE, CAP_SYSLOG, CAP_PERFMON, CAP_BPF
            ok        private files                     readable
            ok        lockdown                          none
            ok        ftrace                            kernel.ftrace_enabled=1
            ok        BPF LSM                           lockdown,capability,yama,bpf
            ok        bpffs                             mounted
            ok        kernel.modules_disabled           0
            ok        module signatures                 checked, not enforced: unsigned modules load
            ok        kernel.unprivileged_bpf_disabled  2
            ok        libbpf                            /usr/lib/x86_64-linux-gnu/libbpf.so.1

            kmodwatch watch works here
            """);
  }

  @Test
  void noModuleSupport_isAllThereIsToSay_andNothingIsTried() {
    Report report =
        Examination.of(root.without("proc/modules").machine(), ExaminationTest::mustNotBeTried);
    assertThat(report.watchWorks()).isFalse();
    assertThat(report.verdict())
        .isEqualTo(
            "kernel 6.12.117 x86_64 has no module support (CONFIG_MODULES is off): there is nothing"
                + " to watch");
  }

  @Test
  void noPrivilege_isMissing_andNothingIsTried() {
    root.with("proc/self/status", "CapEff:\t0000000000000000\n");
    Report report = Examination.of(root.machine(), ExaminationTest::mustNotBeTried);
    assertThat(check(report, "capabilities"))
        .isEqualTo(
            new Check(
                "capabilities",
                State.MISSING,
                "none that matter",
                "every hook: BPF programs take CAP_BPF and CAP_PERFMON, before Linux 5.8"
                    + " CAP_SYS_ADMIN",
                "sudo kmodwatch ..., or setcap/AmbientCapabilities with both"));
    assertThat(report.verdict())
        .isEqualTo("kmodwatch watch does not work here; missing: capabilities");
  }

  @Test
  void bpfAndPerfmon_areEnough() {
    root.with("proc/self/status", "CapEff:\t000000c000000000\n");
    Report report = Examination.of(root.machine(), ExaminationTest::allAttached);
    assertThat(check(report, "capabilities").found()).isEqualTo("CAP_PERFMON, CAP_BPF");
    assertThat(report.watchWorks()).isTrue();
  }

  @Test
  void privateFiles_areDegraded_withoutTheRightToReadThem() {
    root.with("proc/self/status", "CapEff:\t000000c000000000\n");
    Report report = Examination.of(root.machine(), ExaminationTest::allAttached);
    assertThat(check(report, "private files"))
        .isEqualTo(
            new Check(
                "private files",
                State.DEGRADED,
                "no CAP_DAC_READ_SEARCH",
                "the package of modules in private folders, their hash where the kernel's bytes did"
                    + " not come through, names of containers",
                "sudo kmodwatch ..., or AmbientCapabilities with it"));
  }

  @Test
  void lockdownConfidentiality_isDegraded() {
    root.with("sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
    Report report = Examination.of(root.machine(), List::of);
    assertThat(check(report, "lockdown").state()).isEqualTo(State.DEGRADED);
    assertThat(check(report, "lockdown").lost())
        .isEqualTo(
            "the bytes that were loaded (instead of them the file is hashed, where its path is"
                + " known), parameters, command lines, cgroup paths and so containers, what an"
                + " autoload was asked for, names of 32 bytes or more in paths, and in paths of"
                + " other mounts than that of / where they are mounted");
    assertThat(report.watchWorks()).isTrue();
    assertThat(report.verdict())
        .isEqualTo("kmodwatch watch works here, with less; degraded: lockdown");
  }

  @Test
  void ftraceOff_isDegraded_withTheRemedy() {
    root.with("proc/sys/kernel/ftrace_enabled", "0\n");
    Check check = check(Examination.of(root.machine(), List::of), "ftrace");
    assertThat(check.state()).isEqualTo(State.DEGRADED);
    assertThat(check.found()).isEqualTo("kernel.ftrace_enabled=0");
    assertThat(check.remedy()).isEqualTo("sudo sysctl -w kernel.ftrace_enabled=1");
  }

  @Test
  void noBpffs_isDegraded() {
    root.with("proc/self/mounts", "proc /proc proc rw 0 0\n");
    Check check = check(Examination.of(root.machine(), List::of), "bpffs");
    assertThat(check.state()).isEqualTo(State.DEGRADED);
    assertThat(check.remedy()).isEqualTo("sudo mount -t bpf bpf /sys/fs/bpf");
  }

  @Test
  void noBtfAndNoJit_areMissing() {
    root.without("sys/kernel/btf/vmlinux").with("proc/sys/net/core/bpf_jit_enable", "0");
    assertThat(Examination.of(root.machine(), List::of).verdict())
        .isEqualTo("kmodwatch watch does not work here; missing: BTF, BPF JIT");
  }

  @Test
  void noSys_isMissing_andMounted_notBlamedOnTheKernel() throws IOException {
    Files.move(folder.resolve("sys"), folder.resolve("unmounted"));

    Check check = check(Examination.of(root.machine(), List::of), "BTF");

    assertThat(check.state()).isEqualTo(State.MISSING);
    assertThat(check.found()).isEqualTo("/sys is not mounted");
    assertThat(check.remedy()).isEqualTo("sudo mount -t sysfs sysfs /sys");
  }

  @Test
  void whatCannotBeRead_isUnknown() {
    root.without("sys/kernel/security/lockdown")
        .without("sys/kernel/security/lsm")
        .without("proc/sys/kernel/ftrace_enabled")
        .without("proc/self/status");
    Report report = Examination.of(root.machine(), ExaminationTest::mustNotBeTried);
    for (String name : List.of("lockdown", "BPF LSM", "ftrace", "capabilities")) {
      assertThat(check(report, name).state()).as(name).isEqualTo(State.UNKNOWN);
    }
  }

  @Test
  void bpfAmongLsms_isTheWholeWord() {
    root.with("sys/kernel/security/lsm", "lockdown,bpfish\n");
    Report report = Examination.of(root.machine(), List::of);
    assertThat(check(report, "BPF LSM"))
        .isEqualTo(Check.ok("BPF LSM", "not in lockdown,bpfish; no hook needs it"));
    assertThat(report.verdict()).isEqualTo("kmodwatch watch works here");
  }

  @Test
  void libbpf_isThere_whenTheHooksCouldBeTried() {
    root.without("usr/lib/x86_64-linux-gnu/libbpf.so.1");
    assertThat(check(Examination.of(root.machine(), List::of), "libbpf").found())
        .isEqualTo("loaded");
  }

  @Test
  void requiredHookThatFails_isMissing_withTheKernelsWords() {
    Hook required = Arrays.stream(Hook.values()).filter(Hook::required).findFirst().orElseThrow();
    Report report =
        Examination.of(
            root.machine(),
            () -> List.of(new HookStatus(required, HookStatus.State.FAILED, "attach: EBUSY")));
    assertThat(check(report, required.target()))
        .isEqualTo(
            new Check(
                required.target(), State.MISSING, "attach: EBUSY", required.lostWithout(), ""));
  }

  @Test
  void sensorThatCannotBeTried_isMissing() {
    Report report =
        Examination.of(
            root.machine(),
            () -> {
              throw new SensorException("libbpf.so.1 cannot be loaded", "");
            });
    assertThat(check(report, "hooks").found()).isEqualTo("libbpf.so.1 cannot be loaded");
    assertThat(report.watchWorks()).isFalse();
  }

  private static Check check(Report report, String name) {
    return Objects.requireNonNull(
        report.checks().stream().filter(c -> c.name().equals(name)).findFirst().orElse(null), name);
  }

  private static List<HookStatus> allAttached() {
    return Arrays.stream(Hook.values())
        .map(hook -> new HookStatus(hook, HookStatus.State.ATTACHED, ""))
        .toList();
  }

  private static List<HookStatus> mustNotBeTried() {
    throw new AssertionError("the kernel must not be touched");
  }
}

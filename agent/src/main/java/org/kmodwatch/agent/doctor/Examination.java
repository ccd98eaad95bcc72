package org.kmodwatch.agent.doctor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.kmodwatch.agent.doctor.Check.State;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorException;

/** Finds whether a {@link Machine} allows the sensor to work. */
public final class Examination {

  private static final List<String> LIBRARY_FOLDERS =
      List.of(
          "usr/lib/x86_64-linux-gnu",
          "usr/lib/aarch64-linux-gnu",
          "lib/x86_64-linux-gnu",
          "lib/aarch64-linux-gnu",
          "usr/lib64",
          "lib64",
          "usr/lib",
          "lib",
          "usr/local/lib");

  private final Machine machine;
  private final HookProbe probe;
  private final List<Check> checks = new ArrayList<>();

  private Examination(Machine machine, HookProbe probe) {
    this.machine = machine;
    this.probe = probe;
  }

  /** Loads and attaches every hook alone: {@code Sensor::probeHooks}. */
  public interface HookProbe {
    /**
     * Returns the state of each hook.
     *
     * @throws SensorException if no hook can be tried
     */
    List<HookStatus> probeHooks();
  }

  /**
   * Examines {@code machine}. The probe is called only if the kernel supports modules and this
   * process has the privilege.
   */
  public static Report of(Machine machine, HookProbe probe) {
    if (!machine.supportsModules()) {
      Check modules =
          new Check(
              "module support",
              State.MISSING,
              "no /proc/modules",
              "everything",
              "a kernel with CONFIG_MODULES=y");
      return new Report(List.of(modules), machine.noModulesMessage());
    }
    return new Examination(machine, probe).examine();
  }

  private Report examine() {
    checks.add(kernel());
    checks.add(Check.ok("module support", "yes"));
    checks.add(btf());
    checks.add(jit());
    boolean privileged = capabilities();
    checks.add(lockdown());
    checks.add(ftrace());
    checks.add(lsm());
    checks.add(bpffs());
    checks.add(modulesDisabled());
    checks.add(signaturesEnforced());
    checks.add(unprivilegedBpf());
    int beforeHooks = checks.size();
    boolean probed = privileged && hooks();
    checks.add(beforeHooks, libbpf(probed));
    return new Report(checks, verdict());
  }

  private String verdict() {
    List<String> missing = namesOf(State.MISSING);
    if (!missing.isEmpty()) {
      return "kmodwatch watch does not work here; missing: " + String.join(", ", missing);
    }
    List<String> degraded = namesOf(State.DEGRADED);
    return degraded.isEmpty()
        ? "kmodwatch watch works here"
        : "kmodwatch watch works here, with less; degraded: " + String.join(", ", degraded);
  }

  private List<String> namesOf(State state) {
    return checks.stream().filter(c -> c.state() == state).map(Check::name).toList();
  }

  private Check kernel() {
    String found = machine.kernelRelease() + " " + machine.architecture();
    return switch (machine.architecture()) {
      case "x86_64", "aarch64" -> Check.ok("kernel", found);
      default ->
          new Check(
              "kernel",
              State.UNKNOWN,
              found,
              "the system calls have other names on this architecture",
              "x86_64 or aarch64");
    };
  }

  private Check btf() {
    if (!machine.exists("sys/kernel")) {
      return new Check(
          "BTF",
          State.MISSING,
          "/sys is not mounted",
          "every hook: the programs cannot be fitted to this kernel",
          "sudo mount -t sysfs sysfs /sys");
    }
    return machine.exists("sys/kernel/btf/vmlinux")
        ? Check.ok("BTF", "/sys/kernel/btf/vmlinux")
        : new Check(
            "BTF",
            State.MISSING,
            "no /sys/kernel/btf/vmlinux",
            "every hook: the programs cannot be fitted to this kernel",
            "a kernel with CONFIG_DEBUG_INFO_BTF=y; distributions since 2021 have it");
  }

  private Check jit() {
    Optional<String> enabled = machine.read("proc/sys/net/core/bpf_jit_enable");
    String lost = "every fentry and fexit hook: they need the JIT compiler";
    if (enabled.isEmpty()) {
      return new Check(
          "BPF JIT", State.UNKNOWN, "net.core.bpf_jit_enable cannot be read", lost, "");
    }
    return enabled.get().equals("0")
        ? new Check(
            "BPF JIT",
            State.MISSING,
            "net.core.bpf_jit_enable=0",
            lost,
            "sudo sysctl -w net.core.bpf_jit_enable=1")
        : Check.ok("BPF JIT", "net.core.bpf_jit_enable=" + enabled.get());
  }

  private boolean capabilities() {
    OptionalLong set = machine.effectiveCapabilities();
    if (set.isEmpty()) {
      checks.add(
          new Check("capabilities", State.UNKNOWN, "/proc/self/status cannot be read", "", ""));
      return false;
    }
    long bits = set.getAsLong();
    String held =
        Arrays.stream(Capability.values())
            .filter(c -> c.isIn(bits))
            .map(Capability::name)
            .collect(Collectors.joining(", "));
    boolean enough = Capability.sufficeForSensor(bits);
    checks.add(
        enough
            ? Check.ok("capabilities", held)
            : new Check(
                "capabilities",
                State.MISSING,
                held.isEmpty() ? "none that matter" : held,
                "every hook: BPF programs take CAP_BPF and CAP_PERFMON, before Linux 5.8"
                    + " CAP_SYS_ADMIN",
                "sudo kmodwatch ..., or setcap/AmbientCapabilities with both"));
    checks.add(
        Capability.sufficeForPrivateFiles(bits)
            ? Check.ok("private files", "readable")
            : new Check(
                "private files",
                State.DEGRADED,
                "no CAP_DAC_READ_SEARCH",
                "the package of modules in private folders, their hash where the kernel's bytes did"
                    + " not come through, names of containers",
                "sudo kmodwatch ..., or AmbientCapabilities with it"));
    return enough;
  }

  private Check lockdown() {
    Optional<String> modes = machine.read("sys/kernel/security/lockdown");
    if (modes.isEmpty()) {
      return machine.read("sys/kernel/security/lsm").isPresent()
          ? Check.ok("lockdown", "not in this kernel")
          : new Check(
              "lockdown",
              State.UNKNOWN,
              "/sys/kernel/security is not mounted or not readable",
              "",
              "sudo mount -t securityfs none /sys/kernel/security");
    }
    return modes.get().contains("[confidentiality]")
        ? new Check(
            "lockdown",
            State.DEGRADED,
            "confidentiality",
            Sensor.LOST_IN_LOCKDOWN,
            "boot with lockdown=integrity, which still demands signed modules")
        : Check.ok("lockdown", modes.get().contains("[integrity]") ? "integrity" : "none");
  }

  private Check ftrace() {
    Optional<String> enabled = machine.read("proc/sys/kernel/ftrace_enabled");
    String lost =
        "every fentry and fexit hook is silent, though attached: who asked, the file, the outcome";
    if (enabled.isEmpty()) {
      return new Check("ftrace", State.UNKNOWN, "kernel.ftrace_enabled cannot be read", lost, "");
    }
    return enabled.get().equals("0")
        ? new Check(
            "ftrace",
            State.DEGRADED,
            "kernel.ftrace_enabled=0",
            lost,
            "sudo sysctl -w kernel.ftrace_enabled=1")
        : Check.ok("ftrace", "kernel.ftrace_enabled=" + enabled.get());
  }

  /**
   * Checks for the BPF LSM. No hook needs it: the hooks get the verdict of all security modules.
   */
  private Check lsm() {
    Optional<String> modules = machine.read("sys/kernel/security/lsm");
    if (modules.isEmpty()) {
      return new Check(
          "BPF LSM",
          State.UNKNOWN,
          "/sys/kernel/security/lsm cannot be read",
          "nothing: no hook needs it",
          "");
    }
    return List.of(modules.get().split(",")).contains("bpf")
        ? Check.ok("BPF LSM", modules.get())
        : Check.ok("BPF LSM", "not in " + modules.get() + "; no hook needs it");
  }

  private Check bpffs() {
    boolean mounted =
        machine.read("proc/self/mounts").stream()
            .flatMap(String::lines)
            .map(line -> line.split(" "))
            .anyMatch(fields -> fields.length > 2 && fields[2].equals("bpf"));
    return mounted
        ? Check.ok("bpffs", "mounted")
        : new Check(
            "bpffs",
            State.DEGRADED,
            "not mounted",
            "watch --pin: programs that outlive the agent, and what they see while it is down",
            "sudo mount -t bpf bpf /sys/fs/bpf");
  }

  private Check libbpf(boolean probed) {
    Optional<String> file =
        LIBRARY_FOLDERS.stream()
            .map(folder -> folder + "/libbpf.so.1")
            .filter(machine::exists)
            .findFirst();
    if (file.isPresent()) {
      return Check.ok("libbpf", "/" + file.get());
    }
    return probed
        ? Check.ok("libbpf", "loaded")
        : new Check(
            "libbpf",
            State.UNKNOWN,
            "no libbpf.so.1 in the usual folders",
            "every hook, unless it came with kmodwatch",
            "install libbpf1 (Debian, Ubuntu) or libbpf (Fedora, RHEL)");
  }

  private Check modulesDisabled() {
    boolean disabled = machine.read("proc/sys/kernel/modules_disabled").orElse("0").equals("1");
    return Check.ok(
        "kernel.modules_disabled",
        disabled ? "1: no module loads until the next boot; attempts are shown" : "0");
  }

  private Check signaturesEnforced() {
    Optional<String> enforced = machine.read("sys/module/module/parameters/sig_enforce");
    return Check.ok(
        "module signatures",
        enforced
            .map(
                flag ->
                    flag.toUpperCase(Locale.ROOT).equals("Y") || flag.equals("1")
                        ? "enforced"
                        : "checked, not enforced: unsigned modules load")
            .orElse("not in this kernel: unsigned modules load"));
  }

  private Check unprivilegedBpf() {
    return Check.ok(
        "kernel.unprivileged_bpf_disabled",
        machine.read("proc/sys/kernel/unprivileged_bpf_disabled").orElse("not in this kernel"));
  }

  /** Tries the hooks. Returns whether that was possible. */
  private boolean hooks() {
    List<HookStatus> hooks;
    try {
      hooks = probe.probeHooks();
    } catch (SensorException e) {
      checks.add(
          new Check("hooks", State.MISSING, String.valueOf(e.getMessage()), "every hook", ""));
      return false;
    }
    hooks.forEach(status -> checks.add(hook(status)));
    return true;
  }

  private static Check hook(HookStatus status) {
    String name = status.hook().target();
    State state = status.hook().required() ? State.MISSING : State.DEGRADED;
    return switch (status.state()) {
      case ATTACHED -> Check.ok(name, "attached");
      case ABSENT -> new Check(name, state, "not in this kernel", status.hook().lostWithout(), "");
      case FAILED, FAILED_FOR_NOW ->
          new Check(name, state, status.detail(), status.hook().lostWithout(), "");
    };
  }
}

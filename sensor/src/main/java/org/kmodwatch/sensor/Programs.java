package org.kmodwatch.sensor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.LibBpf;

/**
 * Brings the programs into the kernel.
 *
 * <p>All programs are loaded as one object, since that reads the kernel's BTF once. Programs whose
 * hook the kernel does not have are left out beforehand. If the object is refused all the same,
 * each program is tried by itself to find those that the kernel does not take; they are left out
 * too, and the rest is loaded again.
 */
final class Programs implements AutoCloseable {

  private static final String OBJECT = "sensor.bpf.o";
  private static final Path LOCKDOWN = Path.of("/sys/kernel/security/lockdown");

  private final BpfObject object;
  private final Map<Hook, HookStatus> statuses;

  private Programs(BpfObject object, Map<Hook, HookStatus> statuses) {
    this.object = object;
    this.statuses = statuses;
  }

  /**
   * Loads and attaches what this kernel takes.
   *
   * @throws SensorException if a required program cannot be loaded or attached
   */
  static Programs attach(LibBpf lib, KernelBtf btf) {
    byte[] elf = objectFile();
    var statuses = new EnumMap<Hook, HookStatus>(Hook.class);
    Set<Hook> wanted = presentHooks(btf, statuses);
    BpfObject object = open(lib, elf, wanted);
    BpfObject.Outcome outcome = object.load();
    if (!outcome.succeeded()) {
      object.close();
      for (Hook hook : Set.copyOf(wanted)) {
        HookStatus status = tryAlone(lib, elf, hook, false);
        if (status.state() != HookStatus.State.ATTACHED) {
          statuses.put(hook, status);
          wanted.remove(hook);
        }
      }
      refuseWithoutRequired(statuses, outcome);
      object = open(lib, elf, wanted);
      outcome = object.load();
      if (!outcome.succeeded()) {
        object.close();
        throw new SensorException(
            "the BPF programs cannot be loaded: " + reason(outcome), outcome.messages());
      }
    }
    try {
      for (BpfObject.Program program : object.programs()) {
        Hook hook = Hook.ofTarget(program.section()).orElseThrow();
        if (wanted.contains(hook)) {
          statuses.put(hook, status(hook, program.attach()));
        }
      }
      refuseWithoutRequired(statuses, outcome);
    } catch (RuntimeException e) {
      object.close();
      throw e;
    }
    return new Programs(object, statuses);
  }

  /** Loads and attaches each program by itself, and takes it off again. */
  static List<HookStatus> probe(LibBpf lib, KernelBtf btf) {
    byte[] elf = objectFile();
    var statuses = new EnumMap<Hook, HookStatus>(Hook.class);
    for (Hook hook : presentHooks(btf, statuses)) {
      statuses.put(hook, tryAlone(lib, elf, hook, true));
    }
    return List.copyOf(statuses.values());
  }

  /** What became of each hook of this machine. */
  List<HookStatus> statuses() {
    return List.copyOf(statuses.values());
  }

  BpfObject object() {
    return object;
  }

  @Override
  public void close() {
    object.close();
  }

  /** The hooks that the kernel has; those that it lacks are put into {@code statuses}. */
  private static Set<Hook> presentHooks(KernelBtf btf, Map<Hook, HookStatus> statuses) {
    Set<Hook> present = EnumSet.noneOf(Hook.class);
    String osArch = System.getProperty("os.arch", "");
    for (Hook hook : Hook.values()) {
      if (!hook.isOn(osArch)) {
        continue;
      }
      if (hook.isTracepoint() ? btf.hasTracepoint(hook.place()) : btf.hasFunction(hook.place())) {
        present.add(hook);
      } else {
        String what = hook.isTracepoint() ? "tracepoint" : "function";
        statuses.put(
            hook,
            new HookStatus(
                hook,
                HookStatus.State.ABSENT,
                "this kernel has no %s %s".formatted(what, hook.place())));
      }
    }
    return present;
  }

  private static BpfObject open(LibBpf lib, byte[] elf, Set<Hook> wanted) {
    BpfObject object = BpfObject.open(lib, elf);
    for (BpfObject.Program program : object.programs()) {
      Hook hook =
          Hook.ofTarget(program.section())
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "a program without a Hook: section=" + program.section()));
      program.setAutoload(wanted.contains(hook));
    }
    return object;
  }

  private static HookStatus tryAlone(LibBpf lib, byte[] elf, Hook hook, boolean attach) {
    try (BpfObject object = open(lib, elf, EnumSet.of(hook))) {
      BpfObject.Outcome outcome = object.load();
      if (outcome.succeeded() && attach) {
        for (BpfObject.Program program : object.programs()) {
          if (program.section().equals(hook.target())) {
            outcome = program.attach();
          }
        }
      }
      return status(hook, outcome);
    }
  }

  private static HookStatus status(Hook hook, BpfObject.Outcome outcome) {
    return outcome.succeeded()
        ? new HookStatus(hook, HookStatus.State.ATTACHED, "")
        : new HookStatus(hook, HookStatus.State.FAILED, reason(outcome));
  }

  private static void refuseWithoutRequired(
      Map<Hook, HookStatus> statuses, BpfObject.Outcome outcome) {
    for (HookStatus status : statuses.values()) {
      if (status.hook().required() && status.state() != HookStatus.State.ATTACHED) {
        throw new SensorException(
            "the hook %s cannot be used: %s".formatted(status.hook().target(), status.detail()),
            outcome.messages());
      }
    }
  }

  /** The kernel's reason in one line, with the remedy where we know one. */
  private static String reason(BpfObject.Outcome outcome) {
    String line = VerifierLog.decisiveLine(outcome.messages());
    String reason = line.isEmpty() ? outcome.reason() : outcome.reason() + ": " + line;
    if (lockedDownToConfidentiality()) {
      return reason
          + "; the kernel is locked down (confidentiality), boot it with lockdown=integrity or"
          + " none";
    }
    return outcome.privilegeMissing()
        ? reason + "; run as root, or give the process CAP_BPF and CAP_PERFMON"
        : reason;
  }

  private static boolean lockedDownToConfidentiality() {
    try {
      return Files.readString(LOCKDOWN).toLowerCase(Locale.ROOT).contains("[confidentiality]");
    } catch (IOException e) {
      return false;
    }
  }

  private static byte[] objectFile() {
    try (InputStream in = Programs.class.getResourceAsStream(OBJECT)) {
      if (in == null) {
        throw new IllegalStateException("the BPF object is not in the jar: resource=" + OBJECT);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package org.kmodwatch.sensor;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.AttachedProgram;
import org.kmodwatch.sensor.kernel.BpfMaps;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.PinnedPrograms;

/**
 * Brings the programs into the kernel.
 *
 * <p>All programs are loaded as one object, since that reads the kernel's BTF once. Programs whose
 * hook the kernel does not have are left out beforehand. If the object is refused all the same,
 * each program is tried by itself to find those that the kernel does not take; they are left out
 * too, and the rest is loaded again.
 */
final class Programs implements AutoCloseable {

  /** A multiple of the page size of any machine. */
  private static final int SMALLEST_RING_BYTES = 64 << 10;

  /** BPF_MAX_TRAMP_LINKS of include/linux/bpf.h: how many programs a function can have. */
  private static final int TRAMPOLINE_PROGRAMS = 38;

  private static final boolean PREEMPTION = Preemption.isPossible();

  private final BpfMaps maps;
  private final List<? extends AttachedProgram> attached;
  private final Runnable detach;
  private final Runnable close;
  private final @Nullable PinFolder pins;
  private final Reads reads;
  private final Map<Hook, HookStatus> statuses;

  /**
   * What libbpf and the verifier said when the object as a whole was refused; empty if it was not.
   */
  private final String complaints;

  private List<LeftBehind> leftBehind = List.of();

  private Programs(
      BpfMaps maps,
      List<? extends AttachedProgram> attached,
      Runnable detach,
      Runnable close,
      @Nullable PinFolder pins,
      Reads reads,
      Map<Hook, HookStatus> statuses,
      String complaints) {
    this.maps = maps;
    this.attached = List.copyOf(attached);
    this.detach = detach;
    this.close = close;
    this.pins = pins;
    this.reads = reads;
    this.statuses = statuses;
    this.complaints = complaints;
  }

  /**
   * Loads and attaches what this kernel takes; or takes over what another process left pinned, if
   * it is the same.
   *
   * @param imageBufferBytes memory for images; 0 for none of them
   * @param pins folder of the BPF file system; null to pin nothing
   * @throws SensorException if a required program cannot be loaded or attached, or pinned
   */
  static Programs attach(LibBpf lib, KernelBtf btf, int imageBufferBytes, @Nullable Path pins) {
    List<Reads> ways = Reads.ofRunningKernel();
    for (Reads reads : ways) {
      PinFolder folder = pinFolder(pins, reads, imageBufferBytes);
      if (folder != null && folder.exists()) {
        return adopt(folder.open(lib), folder, reads);
      }
    }
    Programs programs = attachWhatGoes(lib, btf, ways.getFirst(), imageBufferBytes, pins);
    for (HookStatus status : programs.statuses()) {
      if (status.hook().required() && status.state() != HookStatus.State.ATTACHED) {
        programs.close();
        throw new SensorException(
            "the hook %s cannot be used: %s%s"
                .formatted(status.hook().target(), status.detail(), programs.reads.remedy()),
            programs.complaints,
            status.state() == HookStatus.State.FAILED_FOR_NOW);
      }
    }
    if (programs.pins != null) {
      programs.leftBehind = programs.pins.publish(lib);
    }
    return programs;
  }

  private static @Nullable PinFolder pinFolder(
      @Nullable Path pins, Reads reads, int imageBufferBytes) {
    return pins == null ? null : PinFolder.of(pins, reads.objectFile(), imageBufferBytes);
  }

  private static Programs adopt(PinnedPrograms pinned, PinFolder pins, Reads reads) {
    var statuses = new EnumMap<Hook, HookStatus>(Hook.class);
    String osArch = System.getProperty("os.arch", "");
    for (Hook hook : Hook.values()) {
      if (hook.isOn(osArch)) {
        statuses.put(
            hook,
            new HookStatus(
                hook,
                HookStatus.State.ABSENT,
                "this kernel did not take it when the pinned programs were loaded"));
      }
    }
    for (AttachedProgram program : pinned.programs()) {
      Hook hook = hookOf(program);
      statuses.put(hook, new HookStatus(hook, HookStatus.State.ATTACHED, ""));
    }
    return new Programs(
        pinned, pinned.programs(), () -> {}, pinned::close, pins, reads, statuses, "");
  }

  /** Loads and attaches what this kernel takes, and takes it off again. */
  static List<HookStatus> probe(LibBpf lib, KernelBtf btf) {
    try (Programs programs =
        attachWhatGoes(lib, btf, Reads.ofRunningKernel().getFirst(), 0, null)) {
      return programs.statuses();
    }
  }

  /** What became of each hook of this machine. */
  List<HookStatus> statuses() {
    return List.copyOf(statuses.values());
  }

  /**
   * How often the kernel ran no program of a hook; hooks of which it always ran one are left out.
   * Where a hook has two, it skipped both at most as often as that which it skipped less often.
   */
  Map<String, Long> misses() {
    var misses = new TreeMap<String, Long>();
    for (AttachedProgram program : attached) {
      misses.merge(hookOf(program).target(), program.misses(), Math::min);
    }
    misses.values().removeIf(missed -> missed == 0);
    return misses;
  }

  /**
   * A fault for each hook that was attached and is no more, for each that could not be attached for
   * a reason that may pass, and for pins that are gone.
   */
  List<SensorFault> detached() {
    var detached = new LinkedHashSet<SensorFault>();
    for (HookStatus status : statuses.values()) {
      if (status.state() == HookStatus.State.FAILED_FOR_NOW) {
        detached.add(
            new SensorFault(
                "hook " + status.hook().target(),
                "its program was not attached: %s; without it: %s"
                    .formatted(status.detail(), status.hook().lostWithout())));
      }
    }
    for (AttachedProgram program : attached) {
      HookStatus status = statuses.get(hookOf(program));
      if (status != null && status.state() == HookStatus.State.ATTACHED && !program.isAttached()) {
        detached.add(
            new SensorFault(
                "hook " + status.hook().target(),
                "its program was taken off; without it: " + status.hook().lostWithout()));
      }
    }
    if (pins != null && !arePinned()) {
      detached.add(
          new SensorFault(
              "pins",
              "they were removed from %s: the programs end with this process".formatted(pins)));
    }
    return List.copyOf(detached);
  }

  /** Whether they go on without this process: nobody has removed their pins. */
  boolean arePinned() {
    return pins != null && pins.exists();
  }

  /** How they read memory. */
  Reads reads() {
    return reads;
  }

  /** Whether they were on their hooks already. */
  boolean areTakenOver() {
    return maps instanceof PinnedPrograms;
  }

  /** What programs that these have replaced kept, and nobody will read. */
  List<LeftBehind> leftBehind() {
    return leftBehind;
  }

  BpfMaps maps() {
    return maps;
  }

  /** Takes the programs off their hooks, unless they are pinned. */
  void detach() {
    detach.run();
  }

  @Override
  public void close() {
    close.run();
  }

  private static Programs attachWhatGoes(
      LibBpf lib, KernelBtf btf, Reads reads, int imageBufferBytes, @Nullable Path pins) {
    var statuses = new EnumMap<Hook, HookStatus>(Hook.class);
    Set<Hook> wanted = presentHooks(btf, statuses);
    BpfObject object = open(lib, reads, wanted, imageBufferBytes);
    BpfObject.Outcome outcome = object.load();
    String complaints = outcome.messages();
    if (reads.areRefusedIn(outcome)) {
      object.close();
      return attachWhatGoes(lib, btf, Reads.DIRECT, imageBufferBytes, pins);
    }
    // What may pass is no program's fault: trying each alone would leave out what the kernel takes.
    if (!outcome.succeeded() && !outcome.mayPass()) {
      object.close();
      for (Hook hook : Set.copyOf(wanted)) {
        BpfObject.Outcome alone = loadAlone(lib, reads, hook);
        if (!alone.succeeded()) {
          statuses.put(hook, status(hook, alone));
          wanted.remove(hook);
        }
      }
      object = open(lib, reads, wanted, imageBufferBytes);
      outcome = object.load();
    }
    if (!outcome.succeeded()) {
      object.close();
      throw new SensorException(
          "the BPF programs cannot be loaded: " + reason(outcome) + reads.remedy(),
          outcome.messages(),
          outcome.mayPass());
    }
    for (BpfObject.Program program : object.programs()) {
      Hook hook = hookOf(program);
      if (isWanted(program, wanted)) {
        statuses.merge(hook, attachment(hook, program.attach()), Programs::worse);
      }
    }
    BpfObject loaded = object;
    PinFolder folder = pinFolder(pins, reads, imageBufferBytes);
    if (folder != null) {
      folder.pin(loaded);
    }
    return new Programs(
        loaded,
        loaded.attachedPrograms(),
        folder == null ? loaded::detach : () -> {},
        loaded::close,
        folder,
        reads,
        statuses,
        complaints);
  }

  /** The hooks that the kernel has; those that it lacks are put into {@code statuses}. */
  static Set<Hook> presentHooks(KernelBtf btf, Map<Hook, HookStatus> statuses) {
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

  /** The object with every program, of which nothing is in the kernel yet. */
  static BpfObject open(LibBpf lib, Reads reads, int imageBufferBytes) {
    return open(lib, reads, EnumSet.allOf(Hook.class), imageBufferBytes);
  }

  private static BpfObject open(LibBpf lib, Reads reads, Set<Hook> wanted, int imageBufferBytes) {
    BpfObject object = BpfObject.open(lib, reads.objectFile());
    int ringBytes = reads.imageBufferBytes(imageBufferBytes);
    object.setMaxEntries("images", Math.max(ringBytes, SMALLEST_RING_BYTES));
    // struct kw_constants of record.h.
    object.setConstants(reads.imageBytesMax(imageBufferBytes), PREEMPTION ? 1 : 0);
    for (BpfObject.Program program : object.programs()) {
      program.setAutoload(isWanted(program, wanted));
    }
    return object;
  }

  private static BpfObject.Outcome loadAlone(LibBpf lib, Reads reads, Hook hook) {
    try (BpfObject object = open(lib, reads, EnumSet.of(hook), 0)) {
      return object.load();
    }
  }

  private static boolean isWanted(BpfObject.Program program, Set<Hook> wanted) {
    return wanted.contains(hookOf(program)) && (!program.isFurther() || PREEMPTION);
  }

  private static Hook hookOf(AttachedProgram program) {
    return Hook.ofTarget(program.section())
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "a program without a Hook: section=" + program.section()));
  }

  /** What is to be said of a hook with two programs. */
  private static HookStatus worse(HookStatus first, HookStatus second) {
    return first.state() == HookStatus.State.ATTACHED ? second : first;
  }

  private static HookStatus status(Hook hook, BpfObject.Outcome outcome) {
    if (outcome.succeeded()) {
      return new HookStatus(hook, HookStatus.State.ATTACHED, "");
    }
    HookStatus.State state =
        outcome.mayPass() ? HookStatus.State.FAILED_FOR_NOW : HookStatus.State.FAILED;
    return new HookStatus(hook, state, reason(outcome));
  }

  /** As {@link #status} of an attachment, which may fail since others' programs are there. */
  private static HookStatus attachment(Hook hook, BpfObject.Outcome outcome) {
    return outcome.isTrampolineFull()
        ? new HookStatus(
            hook,
            HookStatus.State.FAILED_FOR_NOW,
            "other BPF programs fill the trampoline of %s, which has room for %d at most; remedy: stop one of them, bpftool link shows whose they are"
                .formatted(hook.place(), TRAMPOLINE_PROGRAMS))
        : status(hook, outcome);
  }

  /** The kernel's reason in one line, with the remedy where we know one. */
  private static String reason(BpfObject.Outcome outcome) {
    String line = VerifierLog.decisiveLine(outcome.messages());
    String reason = line.isEmpty() ? outcome.reason() : outcome.reason() + ": " + line;
    return outcome.privilegeMissing()
        ? reason + "; run as root, or give the process CAP_BPF and CAP_PERFMON"
        : reason;
  }
}

package org.kmodwatch.sensor;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.AttachedProgram;
import org.kmodwatch.sensor.kernel.BpfMaps;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.KernelBtf;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.PinnedPrograms;
import org.kmodwatch.sensor.kernel.SleepableEntry;

/**
 * Loads the programs into the kernel.
 *
 * <p>All programs are loaded as one object, because then the kernel's BTF is read once. Programs
 * whose hook the kernel does not have are left out first. If the kernel still refuses the object,
 * each program is tried alone to find the refused programs. They are left out too, and the object
 * is loaded again.
 */
final class Programs implements AutoCloseable {

  /** The smallest ring: a multiple of the page size of any machine. */
  private static final int SMALLEST_RING_BYTES = 64 << 10;

  /** BPF_MAX_TRAMP_LINKS of include/linux/bpf.h: the largest number of programs on a function. */
  private static final int TRAMPOLINE_PROGRAMS = 38;

  /**
   * Maps that user space only reads, or does not use. Once frozen, even root cannot write them by
   * bpf(2). libbpf freezes the constants too. Of the other maps, {@link Control} is compared each
   * second, and {@link ModuleTable} with /proc/modules. The programs' own account shows changes to
   * rings.
   */
  private static final List<String> FROZEN =
      List.of(
          "counters",
          "blank",
          "spare",
          "crowded_out",
          "canary",
          "buckets",
          "common_buckets",
          "loaded_changes");

  private static final boolean PREEMPTION = Preemption.isPossible();

  private final BpfMaps maps;
  private final List<? extends AttachedProgram> attached;
  private final Runnable detach;
  private final Runnable close;
  private final @Nullable PinnedSet pins;
  private final Reads reads;
  private final Map<Hook, HookStatus> statuses;

  /**
   * The messages of libbpf and the verifier if the object as a whole was refused; otherwise empty.
   */
  private final String complaints;

  private Programs(
      BpfMaps maps,
      List<? extends AttachedProgram> attached,
      Runnable detach,
      Runnable close,
      @Nullable PinnedSet pins,
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
   * Loads and attaches the programs that this kernel accepts. Or adopts the pins of another
   * process, if they are the same programs and complete.
   *
   * @param imageBufferBytes memory for images; 0 for no images
   * @param pins the folder of the BPF file system; null to pin nothing
   * @param keeper returns the last pins, and keeps the new ones
   * @throws SensorException if a required program cannot be loaded, attached or pinned, or another
   *     process has the folder
   */
  static Programs attach(
      LibBpf lib, KernelBtf btf, int imageBufferBytes, @Nullable Path pins, PinKeeper keeper) {
    List<Reads> ways = Reads.ofRunningKernel();
    if (pins == null) {
      return attachWhatGoes(lib, btf, ways.getFirst(), imageBufferBytes, null).checked();
    }
    PinnedSet set = PinnedSet.own(lib, pins, keeper);
    try {
      for (Reads reads : ways) {
        Optional<PinnedPrograms> found = set.find(reads, imageBufferBytes, Programs::lacking);
        if (found.isPresent()) {
          return adopt(found.get(), set, reads);
        }
      }
      Programs programs =
          attachWhatGoes(lib, btf, ways.getFirst(), imageBufferBytes, set).checked();
      set.publish();
      return programs;
    } catch (RuntimeException e) {
      set.close();
      throw e;
    }
  }

  /** Returns the required hooks of this machine on which a set has no program. */
  private static List<String> lacking(PinnedPrograms pinned) {
    String osArch = System.getProperty("os.arch", "");
    return Stream.of(Hook.values())
        .filter(hook -> hook.required() && hook.isOn(osArch))
        .map(Hook::target)
        .filter(target -> pinned.programs().stream().noneMatch(p -> p.section().equals(target)))
        .toList();
  }

  private Programs checked() {
    for (HookStatus status : statuses()) {
      if (status.hook().required() && status.state() != HookStatus.State.ATTACHED) {
        close();
        throw new SensorException(
            "the hook %s cannot be used: %s%s"
                .formatted(status.hook().target(), status.detail(), reads.remedy()),
            complaints,
            status.state() == HookStatus.State.FAILED_FOR_NOW);
      }
    }
    return this;
  }

  private static Programs adopt(PinnedPrograms pinned, PinnedSet set, Reads reads) {
    var statuses = new EnumMap<Hook, HookStatus>(Hook.class);
    String osArch = System.getProperty("os.arch", "");
    for (Hook hook : Hook.values()) {
      if (hook.isOn(osArch) && !hook.sleeps()) {
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
        pinned, pinned.programs(), () -> {}, pinned::close, set, reads, statuses, "");
  }

  /** Loads and attaches the programs that this kernel accepts, and detaches them again. */
  static List<HookStatus> probe(LibBpf lib, KernelBtf btf) {
    try (Programs programs =
        attachWhatGoes(lib, btf, Reads.ofRunningKernel().getFirst(), 0, null)) {
      return programs.statuses();
    }
  }

  /** Returns the state of each hook of this machine. */
  List<HookStatus> statuses() {
    return List.copyOf(statuses.values());
  }

  /**
   * Returns how often the kernel ran no program of a hook. Leaves out hooks of which it always ran
   * one. If a hook has two programs, the result is the smaller of their numbers: both were skipped
   * at most as often.
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
   * Returns the faults: for each detached hook, for each hook that could not be attached for a
   * temporary reason, and for pins that are gone.
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
    pinned().flatMap(PinnedSet::lookAfter).ifPresent(detached::add);
    return List.copyOf(detached);
  }

  /**
   * Returns whether the programs stay attached without this process: nobody has removed their pins.
   */
  boolean arePinned() {
    return pins != null && pins.isWhole();
  }

  /** Returns the pins of the programs; empty if they are not pinned. */
  Optional<PinnedSet> pinned() {
    return Optional.ofNullable(pins);
  }

  /** Returns how the programs read memory. */
  Reads reads() {
    return reads;
  }

  /** Returns whether the programs were already attached. */
  boolean areTakenOver() {
    return maps instanceof PinnedPrograms;
  }

  BpfMaps maps() {
    return maps;
  }

  /** Detaches the programs, unless they are pinned. */
  void detach() {
    detach.run();
  }

  @Override
  public void close() {
    close.run();
    if (pins != null) {
      pins.close();
    }
  }

  private static Programs attachWhatGoes(
      LibBpf lib, KernelBtf btf, Reads reads, int imageBufferBytes, @Nullable PinnedSet pins) {
    var statuses = new EnumMap<Hook, HookStatus>(Hook.class);
    Set<Hook> wanted = presentHooks(btf, statuses);
    removeRefusedSleepers(lib, btf, reads, wanted);
    BpfObject object = open(lib, reads, wanted, imageBufferBytes);
    BpfObject.Outcome outcome = object.load();
    String complaints = outcome.messages();
    if (reads.areRefusedIn(outcome)) {
      object.close();
      return attachWhatGoes(lib, btf, Reads.DIRECT, imageBufferBytes, pins);
    }
    // A temporary error is no program's fault: trying each alone would leave out programs that the
    // kernel accepts.
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
    freeze(object);
    for (BpfObject.Program program : object.programs()) {
      Hook hook = hookOf(program);
      if (isWanted(program, wanted)) {
        statuses.merge(hook, attachment(hook, program.attach()), Programs::worse);
      }
    }
    BpfObject loaded = object;
    if (pins != null) {
      pins.pin(loaded, reads, imageBufferBytes);
    }
    return new Programs(
        loaded,
        loaded.attachedPrograms(),
        pins == null ? loaded::detach : () -> {},
        loaded::close,
        pins,
        reads,
        statuses,
        complaints);
  }

  /**
   * Leaves out programs that sleep if the object lacks them, or if the kernel refuses a test
   * program. A kernel that refuses one hook also refuses the later ones. Linux 7.1 accepts them on
   * the native calls and not on those of the 32-bit table. Most kernels accept none.
   */
  private static void removeRefusedSleepers(
      LibBpf lib, KernelBtf btf, Reads reads, Set<Hook> wanted) {
    boolean refused = reads != Reads.BY_HELPER;
    for (Hook hook : wanted.stream().filter(Hook::sleeps).sorted().toList()) {
      refused = refused || SleepableEntry.isRefused(lib, btf, hook.place());
      if (refused) {
        wanted.remove(hook);
      }
    }
  }

  private static void freeze(BpfObject object) {
    try {
      FROZEN.forEach(object::freeze);
    } catch (KernelException e) {
      object.close();
      throw new SensorException(e.getMessage(), "", e.mayPass());
    }
  }

  /**
   * Returns the hooks that the kernel has. Adds the missing ones to {@code statuses}, except hooks
   * that only help another hook on the same function.
   */
  static Set<Hook> presentHooks(KernelBtf btf, Map<Hook, HookStatus> statuses) {
    Set<Hook> present = EnumSet.noneOf(Hook.class);
    String osArch = System.getProperty("os.arch", "");
    for (Hook hook : Hook.values()) {
      if (!hook.isOn(osArch)) {
        continue;
      }
      if (hook.isTracepoint() ? btf.hasTracepoint(hook.place()) : btf.hasFunction(hook.place())) {
        present.add(hook);
      } else if (!hook.sleeps()) {
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

  /** Returns the object with every program. Nothing of it is in the kernel yet. */
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

  /** Returns the status to report of a hook with two programs. */
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

  /**
   * Works like {@link #status}, for an attachment. That may also fail because of other BPF programs
   * on the function.
   */
  private static HookStatus attachment(Hook hook, BpfObject.Outcome outcome) {
    return outcome.isTrampolineFull()
        ? new HookStatus(
            hook,
            HookStatus.State.FAILED_FOR_NOW,
            "other BPF programs fill the trampoline of %s, which has room for %d at most; remedy: stop one of them, bpftool link shows whose they are"
                .formatted(hook.place(), TRAMPOLINE_PROGRAMS))
        : status(hook, outcome);
  }

  /** Returns the kernel's reason in one line, with the remedy if it is known. */
  private static String reason(BpfObject.Outcome outcome) {
    String line = VerifierLog.decisiveLine(outcome.messages());
    String reason = line.isEmpty() ? outcome.reason() : outcome.reason() + ": " + line;
    return outcome.privilegeMissing()
        ? reason + "; run as root, or give the process CAP_BPF and CAP_PERFMON"
        : reason;
  }
}

package org.kmodwatch.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request to run a script in a guest.
 *
 * @param kernel a name in {@link KernelCatalog}
 * @param script the script that sh runs as root, in /root
 * @param files the files that are copied into the guest
 * @param timeout the time from power on to power off, after which the guest is killed
 * @param kernelArguments additions to the kernel's command line, such as {@code
 *     module.sig_enforce=1}
 * @param accelerator the accelerator of the guest
 * @param agent the role of the agent; only a watching agent leaves a record
 * @param instructionClock whether the guest's clock counts instructions: one processor, one
 *     nanosecond per instruction, and a wait takes no time on the host
 * @param network whether the guest has a network card. Its only peer is this host's loopback, at
 *     the address {@link #HOST_ADDRESS}.
 * @param firmware the variables of a UEFI firmware that starts the kernel, which the guest may
 *     change; null for a machine without one
 * @param outFolder the folder of the results; null for a new folder under build/lab/runs
 */
public record LabRun(
    String kernel,
    String script,
    List<AddedFile> files,
    Duration timeout,
    List<String> kernelArguments,
    Accelerator accelerator,
    GuestAgent agent,
    boolean instructionClock,
    boolean network,
    @Nullable Path firmware,
    @Nullable Path outFolder) {

  /** Names the address of this host in a guest with a network; qemu defines it. */
  public static final String HOST_ADDRESS = "10.0.2.2";

  /** Limits the time of a guest by default. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  /**
   * Checks the values.
   *
   * @throws LabException.Usage if the time limit is not positive, or the accelerator cannot count
   *     instructions
   */
  public LabRun {
    Objects.requireNonNull(kernel);
    Objects.requireNonNull(script);
    Objects.requireNonNull(accelerator);
    Objects.requireNonNull(agent);
    files = List.copyOf(files);
    kernelArguments = List.copyOf(kernelArguments);
    if (timeout.isNegative() || timeout.isZero()) {
      throw new LabException.Usage(
          "the time limit must be longer than nothing: timeout=%s".formatted(timeout));
    }
    if (instructionClock && accelerator != Accelerator.TCG) {
      throw new LabException.Usage(
          "instructions are counted with tcg alone: accelerator=%s".formatted(accelerator));
    }
  }

  /** Returns a request with default values: with the sensor, in software emulation. */
  public static LabRun of(String kernel, String script) {
    return new LabRun(
        kernel,
        script,
        List.of(),
        DEFAULT_TIMEOUT,
        List.of(),
        Accelerator.TCG,
        GuestAgent.WATCHING,
        false,
        false,
        null,
        null);
  }

  /** Returns the folder of the results; empty if the request sets none. */
  public Optional<Path> out() {
    return Optional.ofNullable(outFolder);
  }

  /** Returns this request with another script. */
  public LabRun withScript(String newScript) {
    return changed(parts -> parts.script = newScript);
  }

  /** Returns this request with one more file. */
  public LabRun withFile(AddedFile file) {
    var all = new ArrayList<>(files);
    all.add(file);
    return withFiles(all);
  }

  /** Returns this request with these files. */
  public LabRun withFiles(List<AddedFile> newFiles) {
    return changed(parts -> parts.files = newFiles);
  }

  /** Returns this request with another time limit. */
  public LabRun withTimeout(Duration newTimeout) {
    return changed(parts -> parts.timeout = newTimeout);
  }

  /** Returns this request with these additions to the kernel's command line. */
  public LabRun withKernelArguments(List<String> newArguments) {
    return changed(parts -> parts.kernelArguments = newArguments);
  }

  /** Returns this request with another accelerator. */
  public LabRun withAccelerator(Accelerator newAccelerator) {
    return changed(parts -> parts.accelerator = newAccelerator);
  }

  /** Returns this request without the sensor. */
  public LabRun withoutSensor() {
    return withAgent(GuestAgent.ABSENT);
  }

  /** Returns this request with another role of the agent. */
  public LabRun withAgent(GuestAgent newAgent) {
    return changed(parts -> parts.agent = newAgent);
  }

  /**
   * Returns this request on one processor whose clock counts instructions, one nanosecond each. A
   * time that the guest measures is then a count of instructions, the same on every host.
   */
  public LabRun withInstructionClock() {
    return changed(parts -> parts.instructionClock = true);
  }

  /**
   * Returns this request with a network card. The script must load its driver (virtio_net): a guest
   * loads no module that its script does not load.
   */
  public LabRun withNetwork() {
    return changed(parts -> parts.network = true);
  }

  /**
   * Returns this request on a machine with a UEFI firmware. The file keeps the firmware's variables
   * from one run to the next ({@link Lab#newFirmware}).
   */
  public LabRun withFirmware(Path variables) {
    return changed(parts -> parts.firmware = variables);
  }

  /** Returns this request with another folder for the results. */
  public LabRun withOut(Path newOutFolder) {
    return changed(parts -> parts.outFolder = newOutFolder);
  }

  private LabRun changed(Consumer<Parts> change) {
    var parts = new Parts(this);
    change.accept(parts);
    return new LabRun(
        kernel,
        parts.script,
        parts.files,
        parts.timeout,
        parts.kernelArguments,
        parts.accelerator,
        parts.agent,
        parts.instructionClock,
        parts.network,
        parts.firmware,
        parts.outFolder);
  }

  /** Holds the values that a copy may change. */
  private static final class Parts {
    String script;
    List<AddedFile> files;
    Duration timeout;
    List<String> kernelArguments;
    Accelerator accelerator;
    GuestAgent agent;
    boolean instructionClock;
    boolean network;
    @Nullable Path firmware;
    @Nullable Path outFolder;

    Parts(LabRun run) {
      script = run.script;
      files = run.files;
      timeout = run.timeout;
      kernelArguments = run.kernelArguments;
      accelerator = run.accelerator;
      agent = run.agent;
      instructionClock = run.instructionClock;
      network = run.network;
      firmware = run.firmware;
      outFolder = run.outFolder;
    }
  }
}

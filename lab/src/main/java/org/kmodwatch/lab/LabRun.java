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
 * What to run in a guest.
 *
 * @param kernel a name from {@link KernelCatalog}
 * @param script what sh runs as root, in /root
 * @param files what the guest gets besides
 * @param timeout from power on to power off; the guest is ended when it is over
 * @param kernelArguments added to the kernel's command line, such as {@code module.sig_enforce=1}
 * @param accelerator what runs the guest's instructions
 * @param agent whether the agent watches; where it does not there is no record, to compare with
 * @param instructionClock whether the guest's clock counts instructions: one processor, each
 *     instruction takes a nanosecond, and waiting takes no time of the host's
 * @param network whether the guest has a network card, at whose other end this host's loopback has
 *     the address {@link #HOST_ADDRESS}; there is nothing else
 * @param firmware the variables of a UEFI firmware that starts the kernel, which the guest may
 *     change; null for a machine without one
 * @param outFolder where the results go; null for a new folder under build/lab/runs
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

  /** The address of this host for a guest with a network: qemu's own choice. */
  public static final String HOST_ADDRESS = "10.0.2.2";

  /** How long a guest may take where nobody says. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  /**
   * Checks the values.
   *
   * @throws LabException.Usage if the time limit is not positive, or instructions are to be counted
   *     where the host's processor runs them
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

  /** A script under a kernel, with the sensor, in software emulation. */
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

  /** Where the results go, if the request says. */
  public Optional<Path> out() {
    return Optional.ofNullable(outFolder);
  }

  /** The same with one more file. */
  public LabRun withFile(AddedFile file) {
    var all = new ArrayList<>(files);
    all.add(file);
    return withFiles(all);
  }

  /** The same with these files. */
  public LabRun withFiles(List<AddedFile> newFiles) {
    return changed(parts -> parts.files = newFiles);
  }

  /** The same with another time limit. */
  public LabRun withTimeout(Duration newTimeout) {
    return changed(parts -> parts.timeout = newTimeout);
  }

  /** The same with these additions to the kernel's command line. */
  public LabRun withKernelArguments(List<String> newArguments) {
    return changed(parts -> parts.kernelArguments = newArguments);
  }

  /** The same on another accelerator. */
  public LabRun withAccelerator(Accelerator newAccelerator) {
    return changed(parts -> parts.accelerator = newAccelerator);
  }

  /** The same without the sensor. */
  public LabRun withoutSensor() {
    return withAgent(GuestAgent.ABSENT);
  }

  /** The same with another use of the agent. */
  public LabRun withAgent(GuestAgent newAgent) {
    return changed(parts -> parts.agent = newAgent);
  }

  /**
   * The same on one processor whose clock counts instructions: a nanosecond each. What the guest
   * measures in time is then a count of what it ran, the same on every host.
   */
  public LabRun withInstructionClock() {
    return changed(parts -> parts.instructionClock = true);
  }

  /**
   * The same with a network card, whose driver (virtio_net) the script has to load: a guest loads
   * no module that its script does not load.
   */
  public LabRun withNetwork() {
    return changed(parts -> parts.network = true);
  }

  /**
   * The same on a machine with a UEFI firmware, whose variables are kept in this file from one run
   * to the next ({@link Lab#newFirmware}).
   */
  public LabRun withFirmware(Path variables) {
    return changed(parts -> parts.firmware = variables);
  }

  /** The same with its results in this folder. */
  public LabRun withOut(Path newOutFolder) {
    return changed(parts -> parts.outFolder = newOutFolder);
  }

  private LabRun changed(Consumer<Parts> change) {
    var parts = new Parts(this);
    change.accept(parts);
    return new LabRun(
        kernel,
        script,
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

  /** What one run may have otherwise than another. */
  private static final class Parts {
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

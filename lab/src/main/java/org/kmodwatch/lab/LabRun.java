package org.kmodwatch.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
 * @param sensor whether the sensor runs; without it there is no record, to compare with
 * @param outFolder where the results go; null for a new folder under build/lab/runs
 */
public record LabRun(
    String kernel,
    String script,
    List<AddedFile> files,
    Duration timeout,
    List<String> kernelArguments,
    Accelerator accelerator,
    boolean sensor,
    @Nullable Path outFolder) {

  /** How long a guest may take where nobody says. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  /**
   * Checks the values.
   *
   * @throws LabException.Usage if the time limit is not positive
   */
  public LabRun {
    Objects.requireNonNull(kernel);
    Objects.requireNonNull(script);
    Objects.requireNonNull(accelerator);
    files = List.copyOf(files);
    kernelArguments = List.copyOf(kernelArguments);
    if (timeout.isNegative() || timeout.isZero()) {
      throw new LabException.Usage(
          "the time limit must be longer than nothing: timeout=%s".formatted(timeout));
    }
  }

  /** A script under a kernel, with the sensor, in software emulation. */
  public static LabRun of(String kernel, String script) {
    return new LabRun(
        kernel, script, List.of(), DEFAULT_TIMEOUT, List.of(), Accelerator.TCG, true, null);
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
    return new LabRun(
        kernel, script, newFiles, timeout, kernelArguments, accelerator, sensor, outFolder);
  }

  /** The same with another time limit. */
  public LabRun withTimeout(Duration newTimeout) {
    return new LabRun(
        kernel, script, files, newTimeout, kernelArguments, accelerator, sensor, outFolder);
  }

  /** The same with these additions to the kernel's command line. */
  public LabRun withKernelArguments(List<String> newArguments) {
    return new LabRun(kernel, script, files, timeout, newArguments, accelerator, sensor, outFolder);
  }

  /** The same on another accelerator. */
  public LabRun withAccelerator(Accelerator newAccelerator) {
    return new LabRun(
        kernel, script, files, timeout, kernelArguments, newAccelerator, sensor, outFolder);
  }

  /** The same without the sensor. */
  public LabRun withoutSensor() {
    return new LabRun(
        kernel, script, files, timeout, kernelArguments, accelerator, false, outFolder);
  }

  /** The same with its results in this folder. */
  public LabRun withOut(Path newOutFolder) {
    return new LabRun(
        kernel, script, files, timeout, kernelArguments, accelerator, sensor, newOutFolder);
  }
}

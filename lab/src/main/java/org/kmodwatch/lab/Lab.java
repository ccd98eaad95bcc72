package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** Runs scripts in throwaway virtual machines with real kernels, watched by the sensor. */
public final class Lab {

  /**
   * Lists the result files that are deleted first, so that old files are not mistaken for new ones.
   */
  private static final List<String> RESULT_FILES =
      List.of(
          "findings.ndjson",
          "loads.ndjson",
          "events.ndjson",
          "ledger.json",
          "table.txt",
          "agent.log",
          "guest.log",
          "console.log");

  private static final DateTimeFormatter RUN_NAME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private Lab() {}

  /** Returns the kernels of this checkout, in their current state. */
  public static KernelCatalog kernels() {
    return new KernelCatalog(Checkout.find());
  }

  /**
   * Runs a script in a guest and waits for its end. Fetches and builds missing files first.
   *
   * @throws LabException if the script does not end
   */
  public static LabResult run(LabRun request) {
    return run(request, LabListener.NONE);
  }

  /**
   * Runs a script in a guest and reports its progress to a listener.
   *
   * @throws LabException if the script does not end
   */
  public static LabResult run(LabRun request, LabListener listener) {
    Checkout checkout = Checkout.find();
    LabKernel kernel =
        prepare(checkout, request.kernel(), request.agent() != GuestAgent.ABSENT, listener);
    for (AddedFile file : request.files()) {
      if (!Files.isReadable(file.hostFile())) {
        throw new LabException.Usage("cannot add %s: cannot read it".formatted(file.hostFile()));
      }
    }
    List<String> qemu = Qemu.find(request.accelerator());
    try {
      Path out = outFolder(checkout, request);
      return new GuestSession(checkout, kernel, request, out, listener).run(qemu);
    } catch (IOException e) {
      throw new LabException.HostFailed(
          "the lab cannot work with its files: %s".formatted(e.toString()), e);
    }
  }

  /**
   * Returns the request that runs the demonstration, and prepares the kernel for it.
   *
   * @throws LabException if the kernel cannot be prepared
   */
  public static LabRun demonstration(String kernelName, LabListener listener) {
    Checkout checkout = Checkout.find();
    LabKernel kernel = prepare(checkout, kernelName, true, listener);
    LabRun run = LabRun.of(kernelName, Resources.text("demonstration.sh"));
    for (String module : List.of("kw_plain.ko", "kw_params.ko", "kw_export.ko", "kw_slow.ko")) {
      run = run.withFile(AddedFile.of(checkout.testModules(kernel).resolve(module)));
    }
    return run;
  }

  /**
   * Returns a module of lab/src/modules built for a kernel. Fetches the kernel and builds the
   * module if it is missing.
   *
   * @param name the name of the module, without {@code .ko}
   * @throws LabException if the module cannot be built
   */
  public static AddedFile testModule(String kernelName, String name) {
    Checkout checkout = Checkout.find();
    LabKernel kernel = prepare(checkout, kernelName, false, LabListener.NONE);
    Path file = checkout.testModules(kernel).resolve(name + ".ko");
    if (!Files.exists(file)) {
      throw new LabException.Usage("no test module \"%s\": looked for %s".formatted(name, file));
    }
    return AddedFile.of(file);
  }

  /**
   * Creates the variables of a new UEFI firmware, for {@link LabRun#withFirmware}. It has no keys
   * and so is in setup mode.
   *
   * @param kernelName the name of a kernel that will run on it
   * @param target the file to create
   * @throws LabException if the firmware cannot be fetched
   */
  public static void newFirmware(String kernelName, Path target) {
    Checkout checkout = Checkout.find();
    Preparation.run(checkout, kernelName, List.of("--firmware"), LabListener.NONE);
    try {
      Files.copy(
          checkout.firmware().resolve("OVMF_VARS_4M.fd"),
          target,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new LabException.HostFailed(
          "cannot make the firmware's variables: %s".formatted(e.toString()), e);
    }
  }

  private static LabKernel prepare(
      Checkout checkout, String kernelName, boolean sensor, LabListener listener) {
    new KernelCatalog(checkout).named(kernelName);
    listener.stage("making the kernel %s ready".formatted(kernelName));
    List<String> options =
        sensor ? List.of("--lib", checkout.libraryFolder().toString()) : List.of();
    Preparation.run(checkout, kernelName, options, listener);
    return new KernelCatalog(checkout).named(kernelName);
  }

  private static Path outFolder(Checkout checkout, LabRun request) throws IOException {
    Path out = request.outFolder();
    if (out == null) {
      Path runs = Files.createDirectories(checkout.labFolder().resolve("runs"));
      String prefix =
          LocalDateTime.now(ZoneId.systemDefault()).format(RUN_NAME) + "-" + request.kernel() + "-";
      return Files.createTempDirectory(runs, prefix);
    }
    Files.createDirectories(out);
    for (String name : RESULT_FILES) {
      Files.deleteIfExists(out.resolve(name));
    }
    return out.toAbsolutePath();
  }
}

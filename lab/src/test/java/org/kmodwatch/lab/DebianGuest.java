package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Boots a whole Debian with systemd, for tests that the lab's usual guest cannot do. Each boot
 * starts from the unchanged image of {@code tools/lab-prepare.sh --debian}, and runs a script in
 * it.
 */
final class DebianGuest {

  /** Sets the default memory of a guest, in MiB. */
  static final int MEMORY_MIB = 2048;

  private static final Duration PREPARATION_LIMIT = Duration.ofMinutes(10);

  private static final String COPY = "root.ext4";
  private static final String UNITS = "unit";
  private static final String SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin";

  private DebianGuest() {}

  /**
   * Runs {@code script} as root, in a folder with {@code files} under their own names.
   *
   * @param out the folder for guest.log, console.log and the files that the script leaves in its
   *     folder {@code out}
   */
  static void run(String kernelName, String script, List<Path> files, Duration timeout, Path out)
      throws IOException, InterruptedException {
    run(kernelName, script, files, Map.of(), timeout, out);
  }

  /**
   * Runs a script as {@link #run(String, String, List, Duration, Path)}, but on a machine with more
   * services.
   *
   * @param services the text of each unit by its name; systemd wants them for sysinit.target
   */
  static void run(
      String kernelName,
      String script,
      List<Path> files,
      Map<String, String> services,
      Duration timeout,
      Path out)
      throws IOException, InterruptedException {
    run(kernelName, script, files, services, MEMORY_MIB, timeout, out);
  }

  /** Runs a script on a machine with more services and another size of memory. */
  static void run(
      String kernelName,
      String script,
      List<Path> files,
      Map<String, String> services,
      int memoryMib,
      Duration timeout,
      Path out)
      throws IOException, InterruptedException {
    Checkout checkout = prepare(out);
    Path work = work(checkout);
    try {
      Path image = checkout.labFolder().resolve("debian/root.ext4");
      Path root = services.isEmpty() ? image : withServices(image, services, timeout, work, out);
      boot(kernelName, new Disk(root, false), List.of(), script, files, memoryMib, timeout, out);
    } finally {
      for (Path file : List.of(work.resolve(COPY), work.resolve(UNITS), work)) {
        Files.deleteIfExists(file);
      }
    }
  }

  /**
   * Boots one disk several times and runs a script in each boot. Each boot continues with the disk
   * of the last.
   *
   * @param boots the boots, each of whose results go to a folder of its name in {@code out}
   */
  static void runOnOneDisk(String kernelName, List<Boot> boots, Duration timeout, Path out)
      throws IOException, InterruptedException {
    Checkout checkout = prepare(out);
    Path work = work(checkout);
    Path copy = work.resolve(COPY);
    try {
      copy(checkout.labFolder().resolve("debian/root.ext4"), copy, timeout, out);
      for (Boot boot : boots) {
        boot(
            kernelName,
            new Disk(copy, true),
            boot.kernelArguments(),
            boot.script(),
            boot.files(),
            MEMORY_MIB,
            timeout,
            Files.createDirectories(out.resolve(boot.name())));
      }
    } finally {
      Files.deleteIfExists(copy);
      Files.delete(work);
    }
  }

  /**
   * A boot is one of several on the same disk.
   *
   * @param kernelArguments additions to the kernel's command line
   * @param script the script, as in {@link #run(String, String, List, Duration, Path)}, with {@code
   *     files}
   */
  record Boot(String name, List<String> kernelArguments, String script, List<Path> files) {
    Boot {
      kernelArguments = List.copyOf(kernelArguments);
      files = List.copyOf(files);
    }
  }

  private record Disk(Path root, boolean keepsWhatIsWritten) {}

  private static Checkout prepare(Path out) throws IOException, InterruptedException {
    Checkout checkout = Checkout.find();
    call(
        PREPARATION_LIMIT,
        out.resolve("prepare.log"),
        List.of("bash", checkout.prepareScript().toString(), "--debian"));
    return checkout;
  }

  private static Path work(Checkout checkout) throws IOException {
    return Files.createTempDirectory(
        Files.createDirectories(checkout.labFolder().resolve("work")), "debian");
  }

  private static void boot(
      String kernelName,
      Disk disk,
      List<String> kernelArguments,
      String script,
      List<Path> files,
      int memoryMib,
      Duration timeout,
      Path out)
      throws IOException, InterruptedException {
    Boots.count(kernelName);
    Path work = work(Checkout.find());
    LabKernel kernel = Lab.kernels().named(kernelName);
    Path task = work.resolve("task");
    Path results = work.resolve("results");
    Path run = Files.writeString(work.resolve("run.sh"), script);
    try {
      var tar = new ArrayList<>(List.of("tar", "-cf", task.toString()));
      for (Path file : files) {
        tar.addAll(List.of("-C", String.valueOf(file.getParent()), "" + file.getFileName()));
      }
      tar.addAll(List.of("-C", work.toString(), "run.sh"));
      call(timeout, out.resolve("tar.log"), tar);
      call(timeout, out.resolve("tar.log"), List.of("truncate", "--size=64M", results.toString()));
      call(
          timeout,
          out.resolve("qemu.log"),
          machine(kernel, disk, kernelArguments, task, results, memoryMib, timeout, out));
      ResultDisk.extract(results, out);
    } finally {
      for (Path file : List.of(task, results, run, work)) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Copies the image and adds the services with debugfs, which needs no mount. */
  private static Path withServices(
      Path image, Map<String, String> services, Duration timeout, Path work, Path out)
      throws IOException, InterruptedException {
    Path copy = work.resolve(COPY);
    copy(image, copy, timeout, out);
    for (Map.Entry<String, String> service : services.entrySet()) {
      String name = service.getKey();
      Path unit = Files.writeString(work.resolve(UNITS), service.getValue());
      for (String request :
          List.of(
              "write %s /etc/systemd/system/%s".formatted(unit, name),
              "symlink /etc/systemd/system/sysinit.target.wants/%s ../%s".formatted(name, name))) {
        call(
            timeout,
            out.resolve("copy.log"),
            List.of("env", "PATH=" + SYSTEM_PATH, "debugfs", "-w", "-R", request, copy.toString()));
      }
    }
    return copy;
  }

  private static void copy(Path image, Path copy, Duration timeout, Path out)
      throws IOException, InterruptedException {
    call(
        timeout,
        out.resolve("copy.log"),
        List.of("cp", "--sparse=always", "--reflink=auto", image.toString(), copy.toString()));
  }

  private static List<String> machine(
      LabKernel kernel,
      Disk disk,
      List<String> kernelArguments,
      Path task,
      Path results,
      int memoryMib,
      Duration timeout,
      Path out) {
    var command =
        new ArrayList<>(List.of("timeout", "--kill-after=5", Long.toString(timeout.toSeconds())));
    command.addAll(Qemu.find(Accelerator.TCG));
    command.addAll(List.of("-cpu", "max"));
    command.addAll(
        List.of("-smp", "2", "-m", Integer.toString(memoryMib), "-nodefaults", "-no-user-config"));
    command.addAll(List.of("-display", "none", "-no-reboot"));
    command.addAll(List.of("-serial", "file:" + out.resolve("console.log")));
    command.addAll(List.of("-kernel", kernel.image().toString()));
    var append = new ArrayList<>(List.of("root=/dev/nvme0n1 rw console=ttyS0 quiet panic=-1"));
    append.addAll(kernelArguments);
    command.addAll(List.of("-append", String.join(" ", append)));
    // This is the only NVMe disk, since newer kernels number several in any order. udev loads the
    // driver of the other disks. Their serial numbers identify them.
    command.add("-drive");
    command.add(
        "if=none,format=raw,id=root,snapshot=%s,file=%s"
            .formatted(disk.keepsWhatIsWritten() ? "off" : "on", disk.root()));
    command.addAll(List.of("-device", "nvme,serial=lab,drive=root"));
    disk(command, "task", task);
    disk(command, "results", results);
    return command;
  }

  private static void disk(List<String> command, String name, Path file) {
    command.add("-drive");
    command.add("if=none,format=raw,id=%s,file=%s".formatted(name, file));
    command.addAll(List.of("-device", "virtio-blk-pci,drive=%s,serial=%s".formatted(name, name)));
  }

  /** Runs a command of the host to its end, and fails if the command fails. */
  static void call(Duration limit, Path log, List<String> command)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process =
        builder.redirectInput(Path.of("/dev/null").toFile()).redirectOutput(log.toFile()).start();
    try {
      // If this JVM is gone, timeout(1) ends the machine a little later.
      if (!process.waitFor(limit.plusSeconds(20).toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("%s did not end".formatted(command.getFirst()));
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(process.exitValue())
        .as("%s: %s", String.join(" ", command), Files.readString(log))
        .isZero();
  }
}

package org.kmodwatch.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Builds the command line of the virtual machine. */
final class Qemu {

  private static final String PROGRAM = "qemu-system-x86_64";
  private static final int MEMORY_MIB = 2048;
  private static final int PROCESSORS = 2;
  private static final Duration GRACE = Duration.ofSeconds(10);

  private Qemu() {}

  /**
   * Returns the program and its accelerator options.
   *
   * @throws LabException.Unavailable if the program or /dev/kvm is missing
   */
  static List<String> find(Accelerator accelerator) {
    if (accelerator == Accelerator.KVM && !Files.isWritable(Path.of("/dev/kvm"))) {
      throw new LabException.Unavailable(
          "/dev/kvm is not there or not yours to use; remedy: --accel tcg, or join the group kvm");
    }
    String path = System.getenv().getOrDefault("PATH", "/usr/bin");
    for (String folder : path.split(":", -1)) {
      Path program = Path.of(folder.isEmpty() ? "." : folder, PROGRAM);
      if (Files.isExecutable(program)) {
        return switch (accelerator) {
          case TCG -> List.of(program.toString(), "-accel", "tcg,thread=single");
          case MTTCG -> List.of(program.toString(), "-accel", "tcg,thread=multi");
          case KVM -> List.of(program.toString(), "-accel", "kvm", "-cpu", "host");
        };
      }
    }
    throw new LabException.Unavailable(
        "%s is not installed; remedy: apt-get install qemu-system-x86".formatted(PROGRAM));
  }

  /**
   * Returns the whole command. It runs under coreutils' timeout, so that a guest never exceeds its
   * time, even if this JVM is killed.
   */
  static List<String> command(List<String> qemu, LabKernel kernel, LabRun run, MachineFiles files) {
    var command = new ArrayList<String>();
    command.add("timeout");
    command.add("--kill-after=5");
    command.add(Long.toString(run.timeout().plus(GRACE).toSeconds()));
    command.addAll(qemu);
    if (run.instructionClock()) {
      // sleep=off: a wait of the guest ends at once.
      command.addAll(List.of("-icount", "shift=0,sleep=off"));
    }
    int processors = run.instructionClock() ? 1 : PROCESSORS;
    command.addAll(List.of("-smp", "" + processors, "-m", "" + MEMORY_MIB));
    command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"));
    Path variables = run.firmware();
    if (variables != null) {
      command.addAll(List.of("-machine", "q35"));
      flash(command, "readonly=on", files.firmware());
      flash(command, "readonly=off", variables);
    }
    command.addAll(List.of("-kernel", kernel.image().toString()));
    command.addAll(List.of("-initrd", files.initrd().toString()));
    command.addAll(List.of("-append", append(run)));
    serial(command, "console", "file,id=console,path=" + escape(files.console()));
    serial(command, "script", "stdio,id=script,mux=off,signal=off");
    serial(command, "control", "socket,id=control,path=" + escape(files.control()));
    command.add("-drive");
    command.add("if=none,id=results,format=raw,cache=unsafe,file=" + escape(files.results()));
    command.addAll(List.of("-device", "nvme,serial=results,drive=results"));
    if (run.network()) {
      command.addAll(List.of("-netdev", "user,id=network,ipv6=off"));
      // romfile is empty: the guest does not boot from the network.
      command.addAll(List.of("-device", "virtio-net-pci,netdev=network,romfile="));
    }
    return command;
  }

  /**
   * Names the files of one machine.
   *
   * @param initrd the first root file system
   * @param console the output of the kernel
   * @param control the socket on which the guest reports its progress
   * @param results the disk on which the guest stores its results
   * @param firmware the code of a UEFI firmware, for a machine that has one
   */
  record MachineFiles(Path initrd, Path console, Path control, Path results, Path firmware) {}

  private static String append(LabRun run) {
    // panic=-1 and -no-reboot: a panic ends the machine at once. no_timer_check: on a busy host the
    // kernel may miss the timer tick, and panic. tsc=nowatchdog: on such a host the kernel may also
    // find its clock unstable. It then patches code that the emulator's other processor executes,
    // which has ended in "Oops: int3".
    var append = new StringBuilder("console=ttyS0 panic=-1 no_timer_check tsc=nowatchdog");
    run.kernelArguments().forEach(argument -> append.append(' ').append(argument));
    return append.toString();
  }

  private static void serial(List<String> command, String id, String chardev) {
    command.addAll(List.of("-chardev", chardev, "-serial", "chardev:" + id));
  }

  private static void flash(List<String> command, String access, Path file) {
    command.add("-drive");
    command.add("if=pflash,format=raw," + access + ",file=" + escape(file));
  }

  /** Doubles commas: a single comma would end the value. */
  private static String escape(Path path) {
    return path.toString().replace(",", ",,");
  }
}

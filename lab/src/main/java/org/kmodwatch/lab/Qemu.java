package org.kmodwatch.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The command line of the virtual machine. */
final class Qemu {

  private static final String PROGRAM = "qemu-system-x86_64";
  private static final int MEMORY_MIB = 2048;
  private static final int PROCESSORS = 2;
  private static final Duration GRACE = Duration.ofSeconds(10);

  private Qemu() {}

  /**
   * The program and what it runs on.
   *
   * @throws LabException.Unavailable if it is not there
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
   * The whole command. coreutils' timeout stands around it so that a guest never outlives its time,
   * even if this JVM is killed.
   */
  static List<String> command(List<String> qemu, LabKernel kernel, LabRun run, MachineFiles files) {
    var command = new ArrayList<String>();
    command.add("timeout");
    command.add("--kill-after=5");
    command.add(Long.toString(run.timeout().plus(GRACE).toSeconds()));
    command.addAll(qemu);
    if (run.instructionClock()) {
      // sleep=off: a guest that waits is taken to the end of its wait.
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
      // romfile: it does not boot from there.
      command.addAll(List.of("-device", "virtio-net-pci,netdev=network,romfile="));
    }
    return command;
  }

  /**
   * The files of one machine.
   *
   * @param initrd its first root file system
   * @param console what the kernel prints
   * @param control the socket that it tells how far it has come on
   * @param results the disk that it hands its results over on
   * @param firmware the code of a UEFI firmware, for a machine that is to have one
   */
  record MachineFiles(Path initrd, Path console, Path control, Path results, Path firmware) {}

  private static String append(LabRun run) {
    // panic=-1 and -no-reboot: a panic ends the machine at once. no_timer_check: on a host that is
    // busy the kernel may not see the timer tick in time, and panics.
    // tsc=nowatchdog: on such a host the kernel may also find its clock unstable, and then patches
    // code that the emulator's other processor runs, which has ended in "Oops: int3".
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

  /** A comma would end the value. */
  private static String escape(Path path) {
    return path.toString().replace(",", ",,");
  }
}

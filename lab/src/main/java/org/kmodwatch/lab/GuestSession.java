package org.kmodwatch.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs one machine from power on to power off. The caller's thread waits for the machine's end or
 * its time limit. A second thread copies the output of the script, a third reads the progress of
 * the guest. Both end with the machine. On Ctrl-C a shutdown hook ends the machine.
 */
final class GuestSession {

  private static final int CONSOLE_LINES = 20;
  private static final String PANIC = "Kernel panic";
  private static final Duration THREAD_END_LIMIT = Duration.ofSeconds(5);

  private final Checkout checkout;
  private final LabKernel kernel;
  private final LabRun request;
  private final Path out;
  private final LabListener listener;
  private final BootTimes bootTimes;

  GuestSession(
      Checkout checkout, LabKernel kernel, LabRun request, Path out, LabListener listener) {
    this.checkout = checkout;
    this.kernel = kernel;
    this.request = request;
    this.out = out;
    this.listener = listener;
    this.bootTimes = new BootTimes(checkout.labFolder().resolve("boots"));
  }

  LabResult run(List<String> qemu) throws IOException {
    Path work =
        Files.createTempDirectory(
            Files.createDirectories(checkout.labFolder().resolve("work")), "run");
    // A socket's path has at most 107 characters; the checkout's path may be longer.
    Path socket = Files.createTempDirectory("kmodwatch-lab").resolve("control");
    var cleaner = new Thread(() -> deleteAll(work, socket), "lab-cleaner");
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      return boot(qemu, work, socket);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException.HostFailed("interrupted while the guest ran", e);
    } finally {
      deleteAll(work, socket);
      removeHook(cleaner);
    }
  }

  private LabResult boot(List<String> qemu, Path work, Path socket)
      throws IOException, InterruptedException {
    var files =
        new Qemu.MachineFiles(
            work.resolve("initrd"),
            out.resolve("console.log"),
            socket,
            work.resolve("results"),
            checkout.firmware().resolve("OVMF_CODE_4M.fd"));
    listener.stage("packing what the guest starts with");
    GuestImage.write(files.initrd(), checkout, kernel, request);
    try (var disk = new RandomAccessFile(files.results().toFile(), "rw")) {
      disk.setLength(ResultDisk.SIZE_BYTES);
    }
    Path errors = work.resolve("qemu.err");
    List<String> command = Qemu.command(qemu, kernel, request, files);
    boolean finished;
    int status;
    GuestReport report;
    try (ServerSocketChannel control = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        OutputStream guestLog = Files.newOutputStream(out.resolve("guest.log"))) {
      control.bind(UnixDomainSocketAddress.of(socket));
      listener.progress("booting %s (%s)".formatted(kernel.name(), request.accelerator()));
      listener.stage("booting " + kernel.name(), bootTimes.usual(request));
      long powerOnNanos = System.nanoTime();
      report = new GuestReport(() -> Duration.ofNanos(System.nanoTime() - powerOnNanos), listener);
      Process machine =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectError(errors.toFile())
              .start();
      var killer = new Thread(() -> kill(machine), "lab-killer");
      Runtime.getRuntime().addShutdownHook(killer);
      try {
        Thread log = start("lab-guest-log", () -> copyLog(machine.getInputStream(), guestLog));
        Thread reader = start("lab-guest-control", () -> readControl(control, report));
        finished = machine.waitFor(request.timeout().toMillis(), TimeUnit.MILLISECONDS);
        kill(machine);
        status = machine.waitFor();
        log.join(THREAD_END_LIMIT);
        // Ends the wait of the reader if the machine never connected.
        SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
        reader.join(THREAD_END_LIMIT);
      } finally {
        kill(machine);
        removeHook(killer);
      }
    }
    listener.stage("");
    if (report.hasResults()) {
      ResultDisk.extract(files.results(), out);
    }
    return judge(report, finished, status, errors);
  }

  /** Returns the result, or throws the most likely cause of the failure. */
  private LabResult judge(GuestReport report, boolean finished, int status, Path errors)
      throws IOException {
    String failure = report.failure();
    if (failure != null) {
      throw new LabException.GuestFailed(
          "the guest failed: %s; see %s".formatted(failure, out.resolve("agent.log")),
          TextTail.of(out.resolve("agent.log"), CONSOLE_LINES));
    }
    LabResult result = report.result(out);
    if (result != null && report.hasResults()) {
      bootTimes.remember(request, result.armedAfter());
      listener.progress("results in %s".formatted(out));
      return result;
    }
    List<String> console = TextTail.of(out.resolve("console.log"), CONSOLE_LINES);
    if (!finished) {
      throw new LabException.GuestHung(
          "the guest did not finish within %d s, %s; see %s, or give it longer with --timeout"
              .formatted(request.timeout().toSeconds(), report.phase(), out),
          console);
    }
    Path consoleLog = out.resolve("console.log");
    List<String> panic = TextTail.around(consoleLog, PANIC, 0, 0);
    if (!panic.isEmpty()) {
      throw new LabException.GuestPanicked(
          "the guest's kernel panicked %s: %s; see %s"
              .formatted(report.phase(), panic.getFirst(), consoleLog),
          // The kernel logs the cause before that line, and the position after it.
          TextTail.around(consoleLog, PANIC, CONSOLE_LINES / 2, CONSOLE_LINES / 2));
    }
    if (status != 0) {
      List<String> last = TextTail.of(errors, 1);
      throw new LabException.GuestFailed(
          "qemu ended with status %d %s: %s"
              .formatted(status, report.phase(), last.isEmpty() ? "it said nothing" : last.get(0)),
          console);
    }
    throw new LabException.GuestFailed(
        "the guest went off %s, without results; see %s"
            .formatted(report.phase(), out.resolve("console.log")),
        console);
  }

  private void copyLog(InputStream in, OutputStream guestLog) throws IOException {
    var buffer = new byte[8192];
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      guestLog.write(buffer, 0, read);
      listener.output(buffer, read);
    }
  }

  private static void readControl(ServerSocketChannel control, GuestReport report)
      throws IOException {
    try (SocketChannel guest = control.accept();
        var lines =
            new BufferedReader(
                new InputStreamReader(Channels.newInputStream(guest), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        report.accept(line);
      }
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static Thread start(String name, Work work) {
    return Thread.ofPlatform()
        .name(name)
        .daemon()
        .start(
            () -> {
              try {
                work.run();
              } catch (IOException ended) {
                // The machine is off. If its results are missing, judge() reports that.
              }
            });
  }

  /** Kills the child of timeout first: a killed timeout would leave it running. */
  private static void kill(Process machine) {
    machine.descendants().forEach(ProcessHandle::destroyForcibly);
    machine.destroyForcibly();
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The shutdown already runs the hook.
    }
  }

  private static void deleteAll(Path work, Path socket) {
    try (Stream<Path> files = Files.list(work)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(work);
      Files.deleteIfExists(socket);
      Path folder = socket.getParent();
      if (folder != null) {
        Files.deleteIfExists(folder);
      }
    } catch (IOException leftBehind) {
      // These are temporary files in build/; tools/lab-prepare.sh deletes old ones.
    }
  }
}

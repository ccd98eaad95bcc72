package org.kmodwatch.agent.watch;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.ConfigException;
import org.kmodwatch.agent.config.Section;
import org.kmodwatch.agent.doctor.Capability;
import org.kmodwatch.agent.doctor.Machine;
import org.kmodwatch.agent.host.HostFacts;
import org.kmodwatch.agent.identity.ImageStore;
import org.kmodwatch.agent.identity.LoadedImages;
import org.kmodwatch.agent.identity.ReadingMarks;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputQueue;
import org.kmodwatch.agent.output.UserNames;
import org.kmodwatch.agent.settings.Configuration;
import org.kmodwatch.agent.settings.OutputOptions;
import org.kmodwatch.agent.settings.WatchOptions;
import org.kmodwatch.agent.settings.WatchSettings;
import org.kmodwatch.agent.settings.WatchSettingsReader;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.Complaints;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.FailOn;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Signals;
import org.kmodwatch.agent.shell.Signatures;
import org.kmodwatch.agent.shell.StandardOutput;
import org.kmodwatch.agent.shell.Version;
import org.kmodwatch.agent.sink.SinkContext;
import org.kmodwatch.agent.sink.SinkException;
import org.kmodwatch.agent.sink.SinkSettings;
import org.kmodwatch.agent.sink.Sinks;
import org.kmodwatch.agent.state.ImageJournal;
import org.kmodwatch.agent.state.KnownModules;
import org.kmodwatch.agent.state.ReportJournal;
import org.kmodwatch.agent.state.WatchedFile;
import org.kmodwatch.agent.status.ListenAddress;
import org.kmodwatch.agent.status.StatusServer;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.history.store.StoreException;
import org.kmodwatch.sensor.FtraceGuard;
import org.kmodwatch.sensor.PinKeeper;
import org.kmodwatch.sensor.SensorOptions;
import org.kmodwatch.sensor.SensorStart;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The command {@code kmodwatch watch}, which reports module loads until it is stopped. */
@Command(
    name = "watch",
    header = "Show what happens to kernel modules on this machine, until interrupted.",
    description = {
      "",
      "Needs root, or the capabilities CAP_BPF and CAP_PERFMON. Once every hook is in place a line"
          + " that starts with \"armed\" appears on standard error. Ctrl-C and SIGTERM end it: what"
          + " has happened by then is still shown, and the exit status is 0.",
      "",
      "A load has its row or its record once it is complete: when its call has returned, or 5 s"
          + " after it began. What was loaded before is in the records (preExisting), not in the"
          + " table. Whoever loads a module that then is absent from /proc/modules or /sys/module"
          + " is shown too, a moment later."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sudo kmodwatch watch",
      "  sudo kmodwatch watch -o json | logger -t kmodwatch",
      "  sudo kmodwatch watch --record /var/tmp/run1",
      "  sudo kmodwatch watch --pin -o loads >>/var/log/loads.ndjson",
      "  sudo kmodwatch watch -o loads --keep-images /var/lib/kmodwatch/images",
      "  sudo kmodwatch watch --pin --webhook https://siem.example/hook \\",
      "    --webhook-token-file /etc/kmodwatch/token >/dev/null"
    })
public final class WatchCommand implements Callable<Integer> {

  private static final int MAX_NOTES_BYTES = 1 << 20;

  /** The longest time that the end may take after a signal; systemd allows 90 s. */
  private static final Duration END_TIMEOUT = Duration.ofSeconds(85);

  @Mixin final WatchOptions options = new WatchOptions();

  /**
   * The queue of standard error. A journal that accepts nothing must not block a run that writes a
   * message.
   */
  private final OutputQueue notes;

  private final Shell shell;
  private final SensorStart sensors;
  private final ToIntFunction<Throwable> failed;

  /** Returns the options, which picocli or PlainArguments sets. */
  public WatchOptions options() {
    return options;
  }

  /**
   * Creates the command.
   *
   * @param failed shows a failure and returns its exit status
   */
  public WatchCommand(Shell shell, SensorStart sensors, ToIntFunction<Throwable> failed) {
    // Standard error has no other place to report its own faults.
    this.notes = OutputQueue.named("standard error", MAX_NOTES_BYTES, text -> {});
    this.shell = shell.writingTo(shell.out(), through(notes, shell.err()));
    this.sensors = sensors;
    this.failed = failed;
  }

  private static PrintStream through(OutputQueue queue, PrintStream err) {
    OutputStream lines =
        queue.to(
            bytes -> {
              var all = new byte[bytes.remaining()];
              bytes.get(all);
              err.write(all, 0, all.length);
              err.flush();
            });
    return new PrintStream(lines, true, StandardCharsets.UTF_8);
  }

  @Override
  public Integer call() throws InterruptedException {
    try {
      return watch();
    } finally {
      // Later messages do not go through the queue.
      boolean ignored = notes.drain();
    }
  }

  private int watch() throws InterruptedException {
    var reader = new WatchSettingsReader(options, shell);
    Optional<Configuration.Configured> configured = reader.configured();
    WatchSettings settings = reader.settings(configured);
    List<Signature> installed = Signatures.load(settings.signatures());
    FailOn failOn = FailOn.of(options.output.failOn, installed);
    UserNames users = UserNames.of(shell.root().resolve("etc/passwd"));
    OutputQueue screen = OutputQueue.named("standard output", OutputQueue.MAX_BYTES, shell::note);
    Output standardOutput =
        OutputOptions.open(
            settings.output(),
            shell.writingTo(screen.to(StandardOutput.of(shell.out())), shell.err()),
            users,
            installed);
    requireWatchable(Machine.at(shell.root()));
    // Comes before all slow steps: the boot must not wait for the hooks.
    ServiceManager.of(shell.variables(), System::nanoTime).ready();
    ImageStore store = openStore(settings);
    var complaints = new Complaints(shell, "images that were not kept");
    Path pinned = settings.pins();
    String bootId = pinned == null ? null : bootId();
    PinKeeper keeper =
        bootId == null
            ? PinKeeper.NONE
            : new WatchedFile(
                settings.state(), bootId, InstantSource.system(), System::nanoTime, shell::note);
    ReportJournal journal =
        pinned == null ? null : ReportJournal.open(settings.state(), shell::note, System::nanoTime);
    KnownModules known =
        bootId == null ? null : KnownModules.open(settings.state(), bootId, shell::note);
    ImageJournal marks = pinned == null ? null : ImageJournal.open(settings.state(), shell::note);
    var images =
        new LoadedImages(
            shell.root(),
            store,
            marks == null ? ReadingMarks.NONE : marks,
            InstantSource.system(),
            System::nanoTime,
            complaints::add);
    var sensor = new SensorOptions(settings.imageBufferBytes(), images, pinned, keeper);
    Recorder recorder =
        settings.record() == null
            ? null
            : Recorder.open(
                // A pinned sensor may be resumed by a restart without an operator.
                pinned == null ? settings.record() : Recorder.next(settings.record()), shell::note);
    var refusals = new Complaints(shell, "refused items");
    Sinks sinks = openSinks(settings.changeable().sinks(), installed, refusals);
    var outputs = new RunOutputs(standardOutput, screen, notes, recorder, sinks);
    ListenAddress address = settings.listen();
    StatusBoard board = address == null ? null : new StatusBoard(System::nanoTime);
    var run =
        new WatchRun(
            sensors,
            sensor,
            installed,
            outputs,
            journal,
            known,
            settings.changeable(),
            board,
            shell,
            InstantSource.system(),
            System::nanoTime);
    configured.ifPresent(
        atStart -> Signals.handle("HUP", () -> reload(reader, atStart.section(), run)));
    return runUntilSignal(
        run,
        () -> {
          try (journal;
              marks;
              outputs;
              StatusPort _ = serve(address, settings.listenNames(), board);
              FtraceGuard _ = settings.guardFtrace() ? FtraceGuard.attach() : null) {
            run.run();
          }
          complaints.finish();
          refusals.finish();
          return failOn.exitStatus(run.statistics());
        });
  }

  /** Returns the boot id; null if it cannot be read. Pins and rings last until it changes. */
  private @Nullable String bootId() {
    return HostFacts.of(shell.root(), Machine.at(shell.root()).architecture()).bootId();
  }

  /**
   * Reloads the configuration at SIGHUP; one reload runs at a time. If it fails, even by a fault of
   * kmodwatch, the failure is reported and the configuration stays unchanged.
   */
  private synchronized void reload(WatchSettingsReader reader, Section atStart, WatchRun run) {
    try {
      Configuration.Configured configured = reader.configured().orElseThrow();
      run.change(reader.settings(Optional.of(configured)).changeable());
      List<String> later =
          WatchSettings.READ_AT_START.stream()
              .filter(key -> !configured.section().hasSame(key, atStart))
              .toList();
      if (!later.isEmpty()) {
        shell.note("configuration: takes a restart to change: " + String.join(", ", later));
      }
    } catch (ConfigException e) {
      e.problems().forEach(problem -> shell.complain(problem.toString()));
      shell.complain("the configuration stays as it was; mend it and send SIGHUP again");
    } catch (CommandException e) {
      shell.complain(e.getMessage() + "; the configuration stays as it was");
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      shell.complain(
          "%s (a fault of kmodwatch); the configuration stays as it was".formatted(e.toString()));
    }
  }

  private Sinks openSinks(
      List<SinkSettings> wanted, List<Signature> installed, Complaints refusals) {
    String host = HostFacts.of(shell.root(), Machine.at(shell.root()).architecture()).name();
    var context =
        new SinkContext(Version.text(), host, Catalogue.of(installed), shell::note, refusals::add);
    try {
      return Sinks.open(wanted, context, shell.out());
    } catch (SinkException e) {
      throw new CommandException(
          e.mayPass() ? ExitStatus.TEMPORARY : ExitStatus.UNAVAILABLE,
          String.valueOf(e.getMessage()),
          e);
    }
  }

  private @Nullable StatusPort serve(
      @Nullable ListenAddress address, List<String> names, @Nullable StatusBoard board) {
    if (address == null || board == null) {
      return null;
    }
    return StatusPort.open(
        () ->
            StatusServer.start(
                address, namesOf(address, names), board::metrics, board::health, shell::note),
        address,
        StatusPort.RETRY,
        shell::note);
  }

  /**
   * Returns the host names that a request may use. If other hosts can connect, the host's own name
   * is among them.
   */
  private List<String> namesOf(ListenAddress address, List<String> given) {
    String own = HostFacts.of(shell.root(), Machine.at(shell.root()).architecture()).name();
    var names = new ArrayList<String>(given);
    if (!address.isLoopback() && own != null) {
      names.add(own);
    }
    return names;
  }

  private @Nullable ImageStore openStore(WatchSettings settings) {
    if (settings.keepImages() == null) {
      return null;
    }
    try {
      return ImageStore.open(settings.keepImages(), settings.keepImagesMaxBytes());
    } catch (IOException | UnsupportedOperationException e) {
      var failure = new StoreException("--keep-images: " + e.getMessage(), e);
      // ImageStore refuses with a plain IOException.
      if (!(e instanceof FileSystemException) || !failure.isOfTheDisk()) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE, String.valueOf(failure.getMessage()), failure);
      }
      shell.note(failure.getMessage() + "; no image is kept until the next start");
      return null;
    }
  }

  /**
   * Runs {@code body} on a separate thread and ends with its status on a signal. By default the JVM
   * ends with 128 plus the signal's number after its shutdown hooks. But a requested end is no
   * failure. So the hook ends the process itself with the run's status, after everything is
   * written. (sun.misc.Signal would be simpler, but it is not part of Java.)
   */
  private int runUntilSignal(WatchRun run, Callable<Integer> body) throws InterruptedException {
    var status = new int[] {ExitStatus.INTERNAL};
    Thread watcher =
        Thread.ofPlatform()
            .name("kmodwatch-watch")
            .unstarted(
                () -> {
                  try {
                    status[0] = body.call();
                  } catch (Throwable e) {
                    boolean ignored = notes.drain();
                    status[0] = failed.applyAsInt(e);
                  }
                });
    Thread atSignal =
        Thread.ofPlatform()
            .name("kmodwatch-end")
            .unstarted(
                () -> {
                  run.stop();
                  Runtime.getRuntime().halt(statusOf(watcher, status));
                });
    Runtime.getRuntime().addShutdownHook(atSignal);
    watcher.start();
    watcher.join();
    try {
      Runtime.getRuntime().removeShutdownHook(atSignal);
    } catch (IllegalStateException ending) {
      // The hook is about to end the process.
      atSignal.join();
    }
    return status[0];
  }

  private int statusOf(Thread watcher, int[] status) {
    try {
      if (watcher.join(END_TIMEOUT)) {
        return status[0];
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    shell.complain(
        "did not come to an end within %d s; what was recorded may not be whole"
            .formatted(END_TIMEOUT.toSeconds()));
    boolean ignored = notes.drain();
    return ExitStatus.INTERNAL;
  }

  /** Throws a clear error for a machine on which the kernel would refuse the sensor. */
  private static void requireWatchable(Machine machine) {
    if (!machine.supportsModules()) {
      throw new CommandException(ExitStatus.UNAVAILABLE, machine.noModulesMessage());
    }
    OptionalLong capabilities = machine.effectiveCapabilities();
    if (capabilities.isEmpty()) {
      return;
    }
    List<Capability> missing = Capability.missingForSensor(capabilities.getAsLong());
    if (!missing.isEmpty()) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "no privilege to load BPF programs, it takes root, or the capabilities CAP_BPF and"
              + " CAP_PERFMON, of which "
              + missing.stream().map(Capability::name).collect(Collectors.joining(" and "))
              + (missing.size() == 1 ? " is" : " are")
              + " missing: try sudo kmodwatch watch");
    }
  }
}

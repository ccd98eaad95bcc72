package org.kmodwatch.lab;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.shell.StatusLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Implements {@code kmodwatch lab run}. */
@Command(
    name = "run",
    header = "Boots a real kernel, starts the sensor in it and runs a script there as root.",
    description = {
      "The script finds busybox, kmod's insmod, modprobe and rmmod, the kernel's whole module tree"
          + " under /lib/modules, kwload (system calls of module work, one at a time), kmodwatch"
          + " itself, and what --add brought. It starts in /root; what it prints comes out here as"
          + " it runs.",
      "Without SCRIPT it runs the demonstration: six loads, each followed by what Kmodwatch saw."
    },
    optionListHeading = "%nOptions:%n",
    parameterListHeading = "%nParameters:%n",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0-255:the script's own, if it came to its end",
      "64:wrong usage",
      "69:something is missing on this machine; the message names it and the remedy",
      "70:the guest hung, panicked or failed; the end of its console is shown"
    },
    footerHeading = "%nFiles in DIR:%n",
    footer = {
      "  findings.ndjson, loads.ndjson, events.ndjson, ledger.json   what Kmodwatch saw",
      "  table.txt, agent.log      what watch printed on standard output and standard error",
      "  guest.log, console.log    what the script printed and what the kernel printed",
      "",
      "Examples:",
      "  kmodwatch lab run",
      "  kmodwatch lab run --kernel 6.1 --add driver.ko --out result load.sh",
      "  echo 'modprobe dummy' | kmodwatch lab run --append module.sig_enforce=1 -"
    })
final class LabRunCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--kernel",
      paramLabel = "NAME",
      description = "The kernel to boot; lab kernels lists them. Default: the newest.")
  private @Nullable String kernel;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the results go. Default: a new folder under build/lab/runs.")
  private @Nullable Path out;

  @Option(
      names = "--add",
      paramLabel = "HOSTFILE[:GUESTPATH]",
      description = "Copy a file into the guest, by default into /root. May be given many times.")
  private List<String> files = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "End a guest that takes longer than this. Default: 300.")
  private long timeoutSeconds = LabRun.DEFAULT_TIMEOUT.toSeconds();

  @Option(
      names = "--append",
      paramLabel = "KERNEL_ARGS",
      description = "Add to the kernel's command line, such as module.sig_enforce=1.")
  private List<String> kernelArguments = new ArrayList<>();

  @Option(
      names = "--accel",
      paramLabel = "tcg|mttcg|kvm",
      converter = AcceleratorConverter.class,
      description =
          "Software emulation (default), the same with a thread for each processor (faster, and now"
              + " and then the guest crashes by it), or the host's processor.")
  private Accelerator accelerator = Accelerator.TCG;

  @Parameters(
      arity = "0..1",
      paramLabel = "SCRIPT",
      description = "What sh runs in the guest; - is standard input.")
  private @Nullable String script;

  @Override
  public Integer call() {
    return LabFailures.translate(spec, this::run);
  }

  private int run() {
    try (var listener = new TerminalListener(spec.commandLine().getErr())) {
      return run(listener);
    }
  }

  private int run(LabListener listener) {
    String kernelName = kernel == null ? Lab.kernels().newest().name() : kernel;
    var added = new ArrayList<AddedFile>();
    for (String file : files) {
      added.add(AddedFile.parse(file));
    }
    LabRun run;
    var arguments = new ArrayList<>(kernelArguments);
    if (script == null) {
      if (spec.commandLine().getColorScheme().ansi().enabled()) {
        // The kernel passes an unknown argument to its first process as an environment variable.
        arguments.add("FORCE_COLOR=1");
      }
      run = Lab.demonstration(kernelName, listener);
      added.addAll(0, run.files());
    } else {
      run = LabRun.of(kernelName, read(script));
    }
    run =
        run.withFiles(added)
            .withTimeout(Duration.ofSeconds(timeoutSeconds))
            .withKernelArguments(arguments)
            .withAccelerator(accelerator);
    if (out != null) {
      run = run.withOut(out);
    }
    return Lab.run(run, listener).exitStatus();
  }

  private static String read(String script) {
    try {
      if (script.equals("-")) {
        InputStream in = System.in;
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      return Files.readString(Path.of(script));
    } catch (IOException e) {
      throw new LabException.Usage("cannot read the script %s: %s".formatted(script, e));
    }
  }

  /** Parses names in lower case, as qemu has them. */
  private static final class AcceleratorConverter implements ITypeConverter<Accelerator> {
    @Override
    public Accelerator convert(String value) {
      for (Accelerator each : Accelerator.values()) {
        if (each.toString().equals(value)) {
          return each;
        }
      }
      throw new TypeConversionException("\"%s\" is none of tcg, mttcg, kvm".formatted(value));
    }
  }

  /** Shows progress on standard error, and the script's output on standard output at once. */
  private static final class TerminalListener implements LabListener, AutoCloseable {

    private final PrintWriter err;
    private final StatusLine line = StatusLine.ofProcess();
    private final OutputStream out = line.before(new FileOutputStream(FileDescriptor.out));
    private final StageClock clock = StageClock.ticking(line);

    TerminalListener(PrintWriter err) {
      this.err = err;
    }

    @Override
    public void progress(String text) {
      line.clear();
      err.println("lab: " + text);
      err.flush();
    }

    @Override
    public void stage(String name) {
      clock.stage(name);
    }

    @Override
    public void stage(String name, Duration usual) {
      clock.stage(name, usual);
    }

    @Override
    public void close() {
      clock.close();
    }

    @Override
    public void output(byte[] bytes, int length) {
      try {
        out.write(bytes, 0, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

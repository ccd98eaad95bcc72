package org.kmodwatch.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.command.ConfigCommand;
import org.kmodwatch.agent.command.DoctorCommand;
import org.kmodwatch.agent.command.HistoryCommand;
import org.kmodwatch.agent.command.InspectCommand;
import org.kmodwatch.agent.command.PolicyCommand;
import org.kmodwatch.agent.command.SignaturesCommand;
import org.kmodwatch.agent.config.ConfigException;
import org.kmodwatch.agent.config.Nearest;
import org.kmodwatch.agent.output.ReaderGoneException;
import org.kmodwatch.agent.replay.ReplayCommand;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.SubcommandProvider;
import org.kmodwatch.agent.shell.Version;
import org.kmodwatch.agent.watch.WatchCommand;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorException;
import org.kmodwatch.sensor.SensorStart;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs the program {@code kmodwatch}. */
public final class Main {

  private final Shell shell;
  private final SensorStart sensors;

  /** The root of the commands; null until picocli reads the arguments. */
  private @Nullable RootCommand root;

  public Main(Shell shell) {
    this(shell, Sensor::start);
  }

  /**
   * Creates the program.
   *
   * @param sensors starts the sensor of {@code watch}
   */
  public Main(Shell shell, SensorStart sensors) {
    this.shell = shell;
    this.sensors = sensors;
  }

  /** Runs the command that {@code args} name, and ends the process with its {@link ExitStatus}. */
  public static void main(String[] args) {
    System.exit(new Main(Shell.ofProcess()).run(args));
  }

  public int run(String... args) {
    if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
      return printVersion();
    }
    try {
      if (args.length > 0 && args[0].equals("watch")) {
        WatchCommand watch = watch();
        if (PlainArguments.read(args, watch.options())) {
          return call(watch);
        }
      }
      var help = new HelpText(shell.out());
      int status = commandLine(args, help).execute(args);
      Optional<IOException> failure = help.failure();
      return failure.isPresent() ? fail(failure.get()) : status;
    } catch (CommandException | InvalidPathException | Error e) {
      // Picocli passes no error to its handler.
      return fail(e);
    }
  }

  private int call(WatchCommand watch) {
    try {
      return watch.call();
    } catch (Exception e) {
      return fail(e);
    }
  }

  private WatchCommand watch() {
    return new WatchCommand(shell, sensors, this::fail);
  }

  /** Reading the annotations of a subcommand takes time, so only what is needed is put together. */
  private CommandLine commandLine(String[] args, HelpText help) {
    var newRoot = new RootCommand();
    root = newRoot;
    Supplier<Object> named = args.length == 0 ? null : builtins().get(args[0]);
    CommandLine line =
        named == null
            ? withEveryCommand(newRoot)
            : new CommandLine(newRoot).addSubcommand(args[0], named.get());
    line.setOut(new PrintWriter(help, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(shell.err(), true, StandardCharsets.UTF_8));
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            shell.colour() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
    line.registerConverter(Path.class, Main::path);
    line.setUsageHelpAutoWidth(false);
    line.setUsageHelpWidth(100);
    line.setParameterExceptionHandler((e, unparsed) -> rejectUsage(e));
    line.setExecutionExceptionHandler((e, commandLine, result) -> fail(e));
    return line;
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(notInThisLocale(e));
    }
  }

  private static String notInThisLocale(InvalidPathException e) {
    return "this name cannot be given in this locale, try LC_ALL=C.UTF-8: " + e.getInput();
  }

  /** All commands with all that is known of them; not to be run. */
  public CommandLine everyCommand() {
    return withEveryCommand(new RootCommand());
  }

  private CommandLine withEveryCommand(RootCommand newRoot) {
    var line = new CommandLine(newRoot);
    builtins().forEach((name, command) -> line.addSubcommand(name, command.get()));
    for (SubcommandProvider provider : ServiceLoader.load(SubcommandProvider.class)) {
      line.addSubcommand(provider.subcommand());
    }
    return line;
  }

  private int rejectUsage(ParameterException e) {
    CommandLine command = e.getCommandLine();
    String problem = String.valueOf(e.getMessage());
    if (e instanceof UnmatchedArgumentException unmatched) {
      problem = unmatched(unmatched);
    }
    shell.complain(
        "%s%s see %s --help"
            .formatted(
                problem,
                problem.endsWith("?") ? "" : ";",
                command.getCommandSpec().qualifiedName()));
    return ExitStatus.USAGE;
  }

  private static String unmatched(UnmatchedArgumentException e) {
    CommandLine.Model.CommandSpec spec = e.getCommandLine().getCommandSpec();
    String word = e.getUnmatched().getFirst();
    if (word.startsWith("-")) {
      return "no such option: "
          + word
          + Nearest.hint(word.replaceFirst("=.*", ""), spec.optionsMap().keySet());
    }
    Set<String> commands = spec.subcommands().keySet();
    return commands.isEmpty()
        ? "one word too many: " + word
        : "no such command: " + word + Nearest.hint(word, commands);
  }

  /** Shows a failure as one line and chooses the exit status for it. */
  private int fail(Throwable failure) {
    if (isOutOfMemory(failure)) {
      long heapMib = Runtime.getRuntime().maxMemory() >> 20;
      shell.complain(
          "out of memory, Java's heap of %d MiB is full; more by the environment: _JAVA_OPTIONS=-Xmx%dm"
              .formatted(heapMib, 2 * heapMib));
      return ExitStatus.INTERNAL;
    }
    boolean debug = root != null && root.debug;
    int status =
        switch (failure) {
          case ConfigException e -> {
            e.problems().forEach(problem -> shell.complain(problem.toString()));
            yield ExitStatus.USAGE;
          }
          case CommandException e -> {
            shell.complain(String.valueOf(e.getMessage()));
            yield e.exitStatus();
          }
          case InvalidPathException e -> {
            shell.complain(notInThisLocale(e));
            yield ExitStatus.USAGE;
          }
          // The ordinary end of "kmodwatch ... | head".
          case ReaderGoneException e -> ExitStatus.OK;
          case IOException e -> {
            shell.complain(reason(e));
            yield ExitStatus.INTERNAL;
          }
          case SensorException e -> {
            shell.complain(String.valueOf(e.getMessage()));
            if (debug && !e.verifierLog().isEmpty()) {
              e.verifierLog().lines().forEach(shell::note);
            }
            yield e.mayPass() ? ExitStatus.TEMPORARY : ExitStatus.UNAVAILABLE;
          }
          default -> {
            shell.complain(
                "%s (a fault of kmodwatch; --debug shows where)".formatted(failure.toString()));
            yield ExitStatus.INTERNAL;
          }
        };
    if (debug) {
      var trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace, true));
      trace.toString().lines().map(line -> line.replace("\t", "  ")).forEach(shell::note);
    }
    return status;
  }

  private static boolean isOutOfMemory(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return true;
      }
    }
    return false;
  }

  /** Java's own say no more than the file's name. */
  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file: " + missing.getFile();
      case AccessDeniedException denied ->
          "no permission, try as root or give another place: " + denied.getFile();
      default -> String.valueOf(e.getMessage());
    };
  }

  private Map<String, Supplier<Object>> builtins() {
    var builtins = new LinkedHashMap<String, Supplier<Object>>();
    builtins.put("watch", this::watch);
    builtins.put("replay", () -> new ReplayCommand(shell));
    builtins.put("history", () -> new HistoryCommand(shell, InstantSource.system()));
    builtins.put("policy", () -> new PolicyCommand(shell, InstantSource.system()));
    builtins.put("config", () -> new ConfigCommand(shell));
    builtins.put("inspect", () -> new InspectCommand(shell));
    builtins.put("doctor", () -> new DoctorCommand(shell, Sensor::probeHooks));
    builtins.put("signatures", () -> new SignaturesCommand(shell));
    builtins.put("completion", () -> new CompletionCommand(shell, this::everyCommand));
    return builtins;
  }

  private int printVersion() {
    try {
      shell.print("kmodwatch " + Version.text() + "\n");
      return ExitStatus.OK;
    } catch (IOException e) {
      return fail(e);
    }
  }

  /** Standard output for a writer that keeps its failures to itself, as picocli's does. */
  private static final class HelpText extends OutputStream {

    private final OutputStream out;
    private @Nullable IOException failure;

    HelpText(OutputStream out) {
      this.out = out;
    }

    Optional<IOException> failure() {
      return Optional.ofNullable(failure);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        failure = failure == null ? e : failure;
        throw e;
      }
    }
  }

  /** The command without a subcommand. */
  @Command(
      name = "kmodwatch",
      header = "Detects Linux kernel modules that are loaded, or that anyone tries to load.",
      synopsisSubcommandLabel = "COMMAND",
      description = {
        "",
        "eBPF programs sit on module loading and nothing else. Each attempt becomes one record: who"
            + " asked, by which route, what exactly was loaded, who signed it, what became of it."
      },
      commandListHeading = "%nCommands:%n",
      optionListHeading = "%nOptions:%n",
      exitCodeListHeading = "%nExit status:%n",
      exitCodeList = {
        "0:done",
        "1:findings that a --fail-on asked to fail on",
        "64:wrong usage",
        "65:bad input: with --strict, or a file given to inspect that is no module",
        "69:what is needed is not there: a kernel feature, a privilege, a program, a file",
        "70:a fault of kmodwatch, or no room to write at the end",
        "75:what is needed is not there now and may come, such as memory: try again"
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  sudo kmodwatch watch                       show module loads as they happen",
        "  sudo kmodwatch watch -o json >> findings.ndjson",
        "  kmodwatch replay recording.ndjson.zst      the same signatures over a recording",
        "  zcat old.gz | kmodwatch replay --fail-on any -",
        "  kmodwatch inspect driver.ko                what a module file is, and who signed it",
        "  kmodwatch doctor                           what this machine allows",
        "  kmodwatch signatures TRC-1017              one signature in full",
        "  source <(kmodwatch completion bash)        completion in this shell"
      })
  static final class RootCommand implements Callable<Integer> {

    @picocli.CommandLine.Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Option(
        names = "--debug",
        scope = ScopeType.INHERIT,
        description = "With an error, show where it came from.")
    boolean debug;

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        scope = ScopeType.INHERIT,
        description = "Show this help and exit.")
    boolean help;

    @Option(
        names = {"-V", "--version"},
        description = "Show the version and exit.")
    boolean version;

    @Override
    public Integer call() {
      if (version) {
        spec.commandLine().getOut().println("kmodwatch " + Version.text());
        return ExitStatus.OK;
      }
      throw new ParameterException(spec.commandLine(), "no command given");
    }
  }
}

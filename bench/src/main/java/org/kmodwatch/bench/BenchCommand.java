package org.kmodwatch.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Implements {@code ./kmodwatch-bench}. */
@Command(
    name = "kmodwatch-bench",
    header =
        "Makes the measurements that docs/reference/performance.md shows, and prints their tables.",
    description = {
      "",
      "Each is a ratio within one run, or a count of executed instructions. Without NAME all are"
          + " made, which takes about an hour; nothing else should run on the machine meanwhile.",
      "",
      "A table is also left in build/bench/NAME.md."
    },
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./kmodwatch-bench --list",
      "  ./kmodwatch-bench engine replay",
      "  ./kmodwatch-bench --bytes 256M --generate 0.01 /tmp/mixed.ndjson",
      "  ./kmodwatch-bench --write        all of them, into docs/reference/performance.md"
    })
public final class BenchCommand implements Callable<Integer> {

  private static final int USAGE = 64;
  private static final int UNAVAILABLE = 69;

  @Parameters(arity = "0..*", paramLabel = "NAME", description = "What to measure.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--list", description = "Say what there is to measure, and end.")
  private boolean list;

  @Option(names = "--write", description = "Put the tables into docs/reference/performance.md.")
  private boolean write;

  @Option(
      names = "--bytes",
      paramLabel = "N",
      defaultValue = "5G",
      converter = ByteCount.class,
      description =
          "How large a recording to measure with or to make, for trying out: 1000, 64K, 512M, 5G"
              + " (what is not given is ${DEFAULT-VALUE}).")
  private long bytes;

  @Option(
      names = "--lines",
      paramLabel = "N",
      defaultValue = "10000000",
      description =
          "How many lines resume is measured with, for trying out (otherwise ${DEFAULT-VALUE}).")
  private long lines;

  @Option(
      names = "--generate",
      arity = "2",
      paramLabel = "VALUE",
      description =
          "Make a recording, and end: two values, the share of its lines that match (0.01) and the"
              + " file.")
  private List<String> generate = new ArrayList<>();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  boolean help;

  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private final PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);

  /**
   * Runs the command and ends the process. Exit status: 0 done, 64 wrong usage, 69 a measurement
   * failed.
   */
  public static void main(String[] args) {
    var line = new CommandLine(new BenchCommand());
    line.setUsageHelpWidth(100);
    line.setParameterExceptionHandler(
        (e, unparsed) -> {
          System.err.println("kmodwatch-bench: " + e.getMessage() + "; see --help");
          return USAGE;
        });
    System.exit(line.execute(args));
  }

  @Override
  public Integer call() throws IOException {
    if (list) {
      for (Measurement each : Measurements.ALL) {
        out.printf("%-14s  %s%n", each.name(), each.summary());
      }
      return 0;
    }
    if (!generate.isEmpty()) {
      return generate(generate.get(0), Path.of(generate.get(1)));
    }
    var chosen = new ArrayList<Measurement>();
    for (String name : names) {
      Measurement found = find(name);
      if (found == null) {
        err.println("kmodwatch-bench: no such measurement, --list has them: " + name);
        return USAGE;
      }
      chosen.add(found);
    }
    Path root = Path.of(System.getProperty("kmodwatch.home", "."));
    var workplace =
        new Workplace(
            root, Files.createDirectories(root.resolve("build/bench")), bytes, lines, err);
    return measure(workplace, chosen.isEmpty() ? Measurements.ALL : chosen);
  }

  private int generate(String share, Path file) throws IOException {
    try (OutputStream to = Files.newOutputStream(file)) {
      var generator = new RecordingGenerator(RecordingGenerator.SEED, Double.parseDouble(share));
      out.println(generator.write(to, bytes));
      return 0;
    } catch (NumberFormatException e) {
      err.println("kmodwatch-bench: not a share, such as 0.01: " + share);
      return USAGE;
    } catch (BenchException e) {
      err.println("kmodwatch-bench: " + e.getMessage());
      return USAGE;
    }
  }

  private int measure(Workplace workplace, List<Measurement> chosen) throws IOException {
    String origin = MeasuredMachine.describe(LocalDate.now(ZoneOffset.UTC));
    int status = 0;
    for (Measurement each : chosen) {
      workplace.say(each.name() + ": " + each.summary());
      try {
        String table = origin + "\n\n" + each.measure(workplace).toMarkdown();
        Files.writeString(workplace.folder().resolve(each.name() + ".md"), table);
        out.println("## " + each.name() + "\n\n" + table);
        if (write) {
          PerformancePage.replace(
              workplace.root().resolve("docs/reference/performance.md"), each.name(), table);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return UNAVAILABLE;
      } catch (Exception e) {
        String reason = e instanceof BenchException ? e.getMessage() : e.toString();
        err.println("kmodwatch-bench: %s was not measured: %s".formatted(each.name(), reason));
        status = UNAVAILABLE;
      }
    }
    return status;
  }

  private static @Nullable Measurement find(String name) {
    for (Measurement each : Measurements.ALL) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    return null;
  }
}

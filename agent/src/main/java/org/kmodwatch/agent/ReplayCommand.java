package org.kmodwatch.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.kmodwatch.agent.alert.AlertConfig;
import org.kmodwatch.agent.output.UserNames;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.core.format.BadLine;
import org.kmodwatch.core.format.EventHandler;
import org.kmodwatch.core.format.LineBlocks;
import org.kmodwatch.core.format.LineJoiner;
import org.kmodwatch.core.format.ReadOptions;
import org.kmodwatch.core.format.ReadStatistics;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kmodwatch replay}. */
@Command(
    name = "replay",
    header = "Hand recordings to the signatures.",
    description = {
      "",
      "Reads events as Tracee writes them, before and after 0.24, one JSON object a line; audit"
          + " logs as auditd writes them, raw or enriched, and as ausearch --raw gives them;"
          + " laurel's JSON; and Falco's alerts on module loads (docs/sources.md). The forms may be"
          + " mixed line by line; plain, gzip or Zstandard. The files are read in the order given,"
          + " by one engine; rotated audit logs are to be given oldest first. A line that is no"
          + " event is reported on standard error and passed over; a file that cannot be read too,"
          + " and the exit status is then 69. An object that cannot be an event that anybody asks"
          + " for is passed over unread, except with --strict and -o events. Of several reasons not"
          + " to end with 0 the greatest number is the exit status."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kmodwatch replay host1.ndjson host2.ndjson.zst",
      "  zcat old.gz | kmodwatch replay -o json - | jq .Event.Payload.processName",
      "  kmodwatch replay --strict --fail-on TRC-1017 nightly.ndjson"
    })
final class ReplayCommand implements Callable<Integer> {

  /** How a reader begins the reason of the last line of damaged compressed data. */
  private static final String BREAKS_OFF = "the input breaks off here";

  /** Stands for standard input in place of a file. */
  static final String STANDARD_INPUT = "-";

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Recordings; - is standard input.")
  List<String> files = new ArrayList<>();

  @Mixin OutputOptions output = new OutputOptions();

  @Option(
      names = "--strict",
      description = "Read every line, and end with status 65 if one is bad or an event malformed.")
  boolean strict;

  @Option(
      names = "--signatures",
      paramLabel = "DIR_OR_JAR",
      description = "Add the signatures in this jar, or in the jars of this folder.")
  List<Path> signatures = new ArrayList<>();

  @Mixin PolicyOptions policy = new PolicyOptions();

  private final Shell shell;
  private final Complaints badLines;
  private long lines;
  private boolean damaged;

  ReplayCommand(Shell shell) {
    this.shell = shell;
    this.badLines = new Complaints(shell, "bad lines");
  }

  @Override
  public Integer call() throws IOException {
    List<Signature> installed = Signatures.load(signatures);
    FailOn failOn = FailOn.of(output.failOn, installed);
    var pipeline =
        new Pipeline(
            installed,
            List.of(output.open(shell, UserNames.numbers(), installed)),
            shell,
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
            policy(),
            policy.repeatWindow(AlertConfig.DEFAULT_REPEAT_WINDOW),
            Pipeline.BeforeLoad.NOTHING,
            (record, basis) -> {});
    ReadOptions options = readOptions(installed);
    boolean allRead = true;
    // An audit event may begin in one log and end in the next.
    var joiner = new LineJoiner(options);
    for (String file : files) {
      allRead &= replay(file, pipeline, options, joiner);
    }
    finish(joiner, pipeline);
    pipeline.finish();
    badLines.finish();
    shell.note(
        String.join(
            ", ",
            Counted.of(lines, "line"),
            Counted.of(pipeline.events(), "event"),
            Counted.of(pipeline.loads(), "load"),
            Counted.of(pipeline.findings(), "finding"),
            Counted.of(badLines.count(), "bad line"),
            Counted.of(pipeline.malformed(), "malformed event")));
    if (!allRead) {
      return ExitStatus.UNAVAILABLE;
    }
    if (strict && badLines.count() + pipeline.malformed() > 0) {
      return ExitStatus.BAD_INPUT;
    }
    return failOn.exitStatus(pipeline.statistics());
  }

  private Policy policy() {
    return policy.file == null ? Policy.none() : PolicyCommand.read(policy.file, shell);
  }

  /** Whether the file could be read to its end. */
  private boolean replay(String file, Pipeline pipeline, ReadOptions options, LineJoiner joiner)
      throws IOException {
    String name = file.equals(STANDARD_INPUT) ? "standard input" : file;
    damaged = false;
    var handler = new RecordingFeed(pipeline, this::bad);
    try {
      lines += read(file, name, pipeline, options, joiner, handler).lines();
    } catch (UncheckedIOException e) {
      // An output failed, not the input.
      throw e.getCause();
    } catch (IOException e) {
      shell.complain("cannot read %s: %s".formatted(name, reason(e)));
      return false;
    } finally {
      pipeline.flush();
    }
    if (damaged) {
      shell.complain("cannot read %s to its end: the compressed data is damaged".formatted(name));
    }
    return !damaged;
  }

  private ReadStatistics read(
      String file,
      String name,
      Pipeline pipeline,
      ReadOptions options,
      LineJoiner joiner,
      EventHandler handler)
      throws IOException {
    if (!file.equals(STANDARD_INPUT) && Files.isRegularFile(Path.of(file))) {
      try (FileChannel channel = FileChannel.open(Path.of(file))) {
        LineBlocks blocks = LineBlocks.of(channel, options);
        return ParallelReader.read(blocks, name, options, joiner, handler, () -> {});
      }
    }
    try (InputStream in = open(file)) {
      // With "tail -f x | kmodwatch replay -" a finding is not to stay in a buffer.
      return ParallelReader.read(
          LineBlocks.of(in, options), name, options, joiner, handler, () -> flush(pipeline));
    }
  }

  private void finish(LineJoiner joiner, Pipeline pipeline) throws IOException {
    try {
      joiner.finish(new RecordingFeed(pipeline, this::bad));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void bad(BadLine line) {
    badLines.add(line.toString());
    // What follows the damage is lost, which is more than one bad line.
    damaged |= line.reason().startsWith(BREAKS_OFF);
  }

  private InputStream open(String file) throws IOException {
    return file.equals(STANDARD_INPUT) ? shell.in() : Files.newInputStream(Path.of(file));
  }

  private static void flush(Pipeline pipeline) {
    try {
      pipeline.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What to read: the events that somebody looks at, and with --strict every line all the same. */
  private ReadOptions readOptions(List<Signature> installed) {
    if (output.wantsEvents(shell)) {
      return ReadOptions.DEFAULT;
    }
    var names = new HashSet<>(LoadTracker.EVENT_NAMES);
    for (Signature signature : installed) {
      signature.selectedEvents().forEach(selector -> names.add(selector.name()));
    }
    if (names.contains(EventSelector.ANY)) {
      return ReadOptions.DEFAULT;
    }
    ReadOptions options = ReadOptions.of(names);
    return strict ? options.withEveryLine() : options;
  }

  /** Why a file cannot be read, for a person. */
  static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "no permission";
      default -> String.valueOf(e.getMessage());
    };
  }
}

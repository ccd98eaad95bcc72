package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.alert.AlertConfig;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.UserNames;
import org.kmodwatch.agent.pipeline.Pipeline;
import org.kmodwatch.agent.pipeline.Reporter;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.settings.OutputOptions;
import org.kmodwatch.agent.settings.PolicyOptions;
import org.kmodwatch.agent.shell.Complaints;
import org.kmodwatch.agent.shell.Counted;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.FailOn;
import org.kmodwatch.agent.shell.PatientOpening;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Signatures;
import org.kmodwatch.agent.shell.Version;
import org.kmodwatch.agent.source.KafkaTopic;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.LineJoiner;
import org.kmodwatch.core.read.ReadStatistics;
import org.kmodwatch.core.scan.LineBlocks;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs {@code kmodwatch replay}. */
@Command(
    name = "replay",
    header = "Hand recordings to the signatures.",
    description = {
      "",
      "Reads events as Tracee writes them, before and after 0.24, one JSON object a line; audit"
          + " logs as auditd writes them, raw or enriched, and as ausearch --raw gives them;"
          + " laurel's JSON; and Falco's alerts on module loads (docs/reference/sources.md). The"
          + " forms may be mixed line by line; plain, gzip or Zstandard. The files are read in the"
          + " order given, by one engine; rotated audit logs are to be given oldest first. A line"
          + " that is no event is reported on standard error and passed over; a file that cannot be"
          + " read too, and the exit status is then 69. An object that cannot be an event that"
          + " anybody asks for is passed over unread, except with --strict and -o events. Of"
          + " several reasons not to end with 0 the greatest number is the exit status.",
      "",
      "In place of files one topic of Apache Kafka can be given: "
          + KafkaTopic.FORM
          + ". It is read as it comes, until Ctrl-C or SIGTERM, and how far it has been read is"
          + " committed once that is written.",
      "",
      "Ctrl-C and SIGTERM end it early: what is written is whole, and the exit status is 69, since"
          + " not all was read. On a terminal a line says how far it is."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kmodwatch replay host1.ndjson host2.ndjson.zst",
      "  zcat old.gz | kmodwatch replay -o json - | jq .Event.Payload.processName",
      "  kmodwatch replay --strict --fail-on TRC-1017 nightly.ndjson",
      "  kmodwatch replay -o alerts 'kafka://kafka1.example:9093/tracee?group=kmodwatch'",
      "  kmodwatch replay --resume week.state -o json week*.ndjson.zst >> findings.ndjson"
    })
public final class ReplayCommand implements Callable<Integer> {

  /** The first words of the reason of the last line of damaged compressed data. */
  private static final String BREAKS_OFF = "the input breaks off here";

  /** The last words of Java's reason for the kernel's ELOOP (UnixException). */
  private static final String JAVAS_LOOP = "or unable to access attributes of symbolic link";

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "Recordings; - is standard input. Or one topic.")
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

  @Option(
      names = "--resume",
      paramLabel = "FILE",
      description = {
        "Keep in FILE how far this has come. If it is interrupted, the same command goes on from"
            + " there; append its output (>>). FILE is removed at the end."
      })
  @Nullable Path resume;

  @Option(names = "--no-progress", description = "Show no progress on the terminal.")
  boolean noProgress;

  @Option(
      names = "--kafka-properties",
      paramLabel = "FILE",
      description =
          "More of the configuration of Kafka's consumer, by Kafka's own names (Java properties):"
              + " security.protocol=SSL. Nobody else should read it if it has a password.")
  @Nullable Path kafkaProperties;

  private final ReplayScreen screen;
  private final Shell shell;
  private final ReplayRun.Surroundings surroundings;
  private final Complaints badLines;
  private long lines;
  private boolean damaged;

  public ReplayCommand(Shell shell) {
    this(shell, ReplayRun.Surroundings.OF_PROCESS);
  }

  public ReplayCommand(Shell shell, ReplayRun.Surroundings surroundings) {
    this.screen = new ReplayScreen(shell);
    this.shell = screen.shell();
    this.surroundings = surroundings;
    this.badLines = new Complaints(this.shell, "bad lines");
  }

  @Override
  public Integer call() throws IOException {
    List<Signature> installed = Signatures.load(signatures);
    FailOn failOn = FailOn.of(output.failOn, installed);
    var pipeline =
        new Pipeline(
            installed, shell, LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), policy());
    var reporter =
        new Reporter(
            Catalogue.of(installed),
            policy.repeatWindow(AlertConfig.DEFAULT_REPEAT_WINDOW),
            output.wantsAlerts(shell));
    var loop =
        new ReplayLoop(pipeline, reporter, output.open(shell, UserNames.numbers(), installed));
    ReadOptions options = readOptions(installed);
    var feed = new RecordingFeed(loop, this::bad);
    if (files.stream().anyMatch(KafkaTopic::isMeant)) {
      long topicLines = new TopicReplay(this, loop, options).read(surroundings, feed);
      badLines.finish();
      note(topicLines, pipeline, feed);
      return failOn.exitStatus(pipeline.statistics());
    }
    boolean allRead = true;
    // An audit event may begin in one log and end in the next.
    var joiner = new LineJoiner(options);
    try (ReplayRun run =
        ReplayRun.start(
            screen,
            surroundings,
            files,
            !noProgress,
            resume,
            () -> settings(installed),
            loop::flush)) {
      try {
        for (String file : files) {
          allRead &= replay(file, loop, options, joiner, run, feed);
        }
        finish(joiner, run, feed);
      } catch (ReplayRun.InterruptedRunException e) {
        return interrupted(run, loop);
      }
      run.endOfInputs();
      loop.finish();
      badLines.finish();
      run.finish();
    }
    note(lines, pipeline, feed);
    if (!allRead) {
      return ExitStatus.UNAVAILABLE;
    }
    if (strict && badLines.count() + pipeline.malformed() > 0) {
      return ExitStatus.BAD_INPUT;
    }
    return failOn.exitStatus(pipeline.statistics());
  }

  private void note(long readLines, Pipeline pipeline, RecordingFeed feed) {
    String canaries =
        feed.canaries() == 0 ? "" : ", " + Counted.of(feed.canaries(), "canary call") + " left out";
    shell.note(
        String.join(
                ", ",
                Counted.of(readLines, "line"),
                Counted.of(pipeline.events(), "event"),
                Counted.of(pipeline.loads(), "load"),
                Counted.of(pipeline.findings(), "finding"),
                Counted.of(badLines.count(), "bad line"),
                Counted.of(pipeline.malformed(), "malformed event"))
            + canaries);
  }

  /** Ends an interrupted run, with the status of an input that was not read to its end. */
  private int interrupted(ReplayRun run, ReplayLoop loop) throws IOException {
    if (resume == null) {
      // Nothing true is known of incomplete loads.
      loop.leave();
    } else {
      loop.flush();
    }
    run.interrupt();
    return ExitStatus.UNAVAILABLE;
  }

  /** Returns the settings that decide the output, besides the inputs. */
  private Map<String, String> settings(List<Signature> installed) {
    return Map.of(
        "the version",
        Version.text(),
        "-o",
        output.description(shell),
        "--strict",
        strict ? "given" : "not given",
        "--repeat-window",
        policy.repeatWindow == null ? "not given" : policy.repeatWindow,
        "--policy",
        policy.file == null ? "not given" : FileDigest.of(policy.file),
        "--signatures",
        signatures.isEmpty() ? "not given" : FileDigest.ofAll(signatures, ".jar"),
        "the signatures",
        installed.stream().map(s -> s.metadata().id()).sorted().collect(Collectors.joining(" ")));
  }

  private Policy policy() {
    return policy.file == null ? Policy.none() : PolicyOptions.read(policy.file, shell);
  }

  /** Reads a file. Returns whether it could be read to its end. */
  private boolean replay(
      String file,
      ReplayLoop loop,
      ReadOptions options,
      LineJoiner joiner,
      ReplayRun run,
      RecordingFeed feed)
      throws IOException {
    String name = file.equals(ReplayRun.STANDARD_INPUT) ? "standard input" : file;
    damaged = false;
    try {
      lines += read(file, name, loop, options, joiner, run, feed).lines();
    } catch (UncheckedIOException e) {
      // An output failed, not the input.
      throw e.getCause();
    } catch (IOException e) {
      shell.complain("cannot read %s: %s".formatted(name, reason(e)));
      return false;
    } finally {
      loop.flush();
    }
    if (damaged) {
      shell.complain(
          "cannot read %s to its end: its compressed data is damaged, or asks for more than is allowed"
              .formatted(name));
    }
    return !damaged;
  }

  private ReadStatistics read(
      String file,
      String name,
      ReplayLoop loop,
      ReadOptions options,
      LineJoiner joiner,
      ReplayRun run,
      RecordingFeed feed)
      throws IOException {
    EventHandler counted = run.counting(feed);
    if (!file.equals(ReplayRun.STANDARD_INPUT) && Files.isRegularFile(Path.of(file))) {
      try (FileChannel channel = FileChannel.open(Path.of(file))) {
        LineBlocks blocks = LineBlocks.of(channel, options);
        ReadStatistics all =
            ParallelReader.read(
                blocks, name, options, joiner, counted, () -> {}, run.onlooker(channel));
        run.endOfInput(channel.size());
        return all;
      }
    }
    try (InputStream in = open(file, run)) {
      // With "tail -f x | kmodwatch replay -" a finding must not stay in a buffer.
      return ParallelReader.read(
          LineBlocks.of(in, options),
          name,
          options,
          joiner,
          counted,
          () -> flush(loop),
          run.onlooker(null));
    }
  }

  private void finish(LineJoiner joiner, ReplayRun run, RecordingFeed feed) throws IOException {
    try {
      joiner.finish(run.counting(feed));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void bad(BadLine line) {
    badLines.add(line.toString());
    // Everything after the damage is lost, which is more than one bad line.
    damaged |= line.reason().startsWith(BREAKS_OFF);
  }

  private InputStream open(String file, ReplayRun run) throws IOException {
    if (file.equals(ReplayRun.STANDARD_INPUT)) {
      return shell.in();
    }
    ParallelReader.Onlooker onlooker = run.onlooker(null);
    return PatientOpening.open(Path.of(file), () -> onlooker.at(0));
  }

  private static void flush(ReplayLoop loop) {
    try {
      loop.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the read options: the selected events, and with --strict also every line. */
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

  /** Returns why a file cannot be read, for a person. */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "no permission";
      case FileSystemException loop when String.valueOf(loop.getReason()).endsWith(JAVAS_LOOP) ->
          "its symbolic links lead around in a circle";
      default -> String.valueOf(e.getMessage());
    };
  }
}

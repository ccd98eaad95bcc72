package org.kmodwatch.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.kmodwatch.agent.output.UserNames;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.format.BadLine;
import org.kmodwatch.core.format.EventHandler;
import org.kmodwatch.core.format.EventReader;
import org.kmodwatch.core.format.ReadOptions;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;
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
      "Reads events as Tracee writes them, before and after 0.24, one JSON object a line; plain,"
          + " gzip or Zstandard. The files are read in the order given, by one engine. A line that"
          + " is no event is reported on standard error and passed over; a file that cannot be read"
          + " too, and the exit status is then 69. Of several reasons not to end with 0 the"
          + " greatest number is the exit status."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kmodwatch replay host1.ndjson host2.ndjson.zst",
      "  zcat old.gz | kmodwatch replay -o json - | jq .Event.Payload.processName",
      "  kmodwatch replay --strict --fail-on TRC-1017 nightly.ndjson"
    })
final class ReplayCommand implements Callable<Integer> {

  /** How {@link EventReader} begins the reason of the last line of damaged compressed data. */
  private static final String BREAKS_OFF = "the input breaks off here";

  private static final String STANDARD_INPUT = "-";

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Recordings; - is standard input.")
  List<String> files = new ArrayList<>();

  @Mixin OutputOptions output = new OutputOptions();

  @Option(
      names = "--strict",
      description = "End with status 65 if a line is bad or an event malformed.")
  boolean strict;

  @Option(
      names = "--signatures",
      paramLabel = "DIR_OR_JAR",
      description = "Add the signatures in this jar, or in the jars of this folder.")
  List<Path> signatures = new ArrayList<>();

  private final Shell shell;
  private final Complaints badLines;

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
            List.of(output.open(shell, UserNames.numbers())),
            shell,
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
            Pipeline.BeforeLoad.NOTHING,
            (record, basis) -> {});
    boolean allRead = true;
    for (String file : files) {
      allRead &= replay(file, pipeline);
    }
    pipeline.finish();
    badLines.finish();
    shell.note(
        String.join(
            ", ",
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

  /** Whether the file could be read to its end. */
  private boolean replay(String file, Pipeline pipeline) throws IOException {
    String name = file.equals(STANDARD_INPUT) ? "standard input" : file;
    var handler = new Handler(pipeline);
    try (InputStream in = open(file)) {
      EventReader.read(new EagerInput(in, pipeline), name, ReadOptions.DEFAULT, handler);
    } catch (UncheckedIOException e) {
      // An output failed, not the input.
      throw e.getCause();
    } catch (IOException e) {
      shell.complain("cannot read %s: %s".formatted(name, reason(e)));
      return false;
    } finally {
      pipeline.flush();
    }
    if (handler.damaged) {
      shell.complain("cannot read %s to its end: the compressed data is damaged".formatted(name));
    }
    return !handler.damaged;
  }

  private InputStream open(String file) throws IOException {
    return file.equals(STANDARD_INPUT) ? shell.in() : Files.newInputStream(Path.of(file));
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "no permission";
      default -> String.valueOf(e.getMessage());
    };
  }

  /**
   * Makes what was read so far visible before it waits for more: with {@code tail -f x | kmodwatch
   * replay -} a finding is not to stay in a buffer.
   */
  private static final class EagerInput extends InputStream {
    private final InputStream in;
    private final Pipeline pipeline;

    EagerInput(InputStream in, Pipeline pipeline) {
      this.in = in;
      this.pipeline = pipeline;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (in.available() == 0) {
        try {
          pipeline.flush();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      return in.read(buffer, offset, length);
    }

    @Override
    public int available() throws IOException {
      return in.available();
    }
  }

  private final class Handler implements EventHandler {
    private final Pipeline pipeline;
    private boolean damaged;

    Handler(Pipeline pipeline) {
      this.pipeline = pipeline;
    }

    @Override
    public void onEvent(Event event) {
      try {
        // A recording's clock is its events.
        pipeline.tick(event.timestampNanos());
        pipeline.accept(event);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void onBadLine(BadLine line) {
      badLines.add(line.toString());
      // What follows the damage is lost, which is more than one bad line.
      damaged |= line.reason().startsWith(BREAKS_OFF);
    }
  }
}

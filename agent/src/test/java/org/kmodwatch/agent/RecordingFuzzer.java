package org.kmodwatch.agent;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputFormat;
import org.kmodwatch.agent.output.UserNames;
import org.kmodwatch.agent.pipeline.Pipeline;
import org.kmodwatch.agent.pipeline.Reporter;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.replay.RecordingFeed;
import org.kmodwatch.agent.replay.ReplayLoop;
import org.kmodwatch.agent.settings.OutputOptions;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Signatures;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.read.EventReader;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.signature.Signature;

/**
 * What the fuzzer does with a recording or an audit log: all that {@code replay} does, with every
 * output. Nothing may be thrown: a bad line is told and passed over.
 */
public final class RecordingFuzzer {

  private static final List<Signature> SIGNATURES = Signatures.load(List.of());

  private static final List<String> FORMATS =
      Stream.concat(
              Stream.of(OutputFormat.values())
                  .filter(format -> format != OutputFormat.NONE)
                  .map(OutputFormat::word),
              Stream.of(FormatName.values())
                  .filter(
                      format ->
                          format != FormatName.KMODWATCH
                              && OutputFormat.ofWord(format.word()).isEmpty())
                  .map(FormatName::word))
          .toList();

  private RecordingFuzzer() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzCost.hold(
        bytes.length,
        () -> {
          read(bytes, ReadOptions.DEFAULT);
          read(bytes, ReadOptions.of(LoadTracker.EVENT_NAMES));
        });
  }

  private static void read(byte[] bytes, ReadOptions options) {
    Shell shell =
        new Cli().writingTo(OutputStream.nullOutputStream()).shell(new ByteArrayOutputStream());
    List<Output> outputs =
        FORMATS.stream()
            .map(word -> OutputOptions.open(word, shell, UserNames.numbers(), SIGNATURES))
            .toList();
    var pipeline =
        new Pipeline(
            SIGNATURES, shell, LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), Policy.none());
    var loop =
        new ReplayLoop(
            pipeline,
            new Reporter(Catalogue.of(SIGNATURES), Duration.ofMinutes(10), true),
            new EachOf(outputs));
    try {
      EventReader.read(
          new ByteArrayInputStream(bytes), "input", options, new RecordingFeed(loop, line -> {}));
      loop.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives each notice to every output. */
  private record EachOf(List<Output> outputs) implements Output {
    @Override
    public void accept(Notice notice) throws IOException {
      for (Output output : outputs) {
        output.accept(notice);
      }
    }

    @Override
    public void flush() throws IOException {
      for (Output output : outputs) {
        output.flush();
      }
    }
  }
}

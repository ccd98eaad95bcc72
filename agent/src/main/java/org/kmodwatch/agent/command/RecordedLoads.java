package org.kmodwatch.agent.command;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.pipeline.Pipeline;
import org.kmodwatch.agent.pipeline.Reporter;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.replay.RecordingFeed;
import org.kmodwatch.agent.replay.ReplayCommand;
import org.kmodwatch.agent.replay.ReplayLoop;
import org.kmodwatch.agent.replay.ReplayRun;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.Complaints;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.read.EventReader;
import org.kmodwatch.core.read.LoadReader;
import org.kmodwatch.core.scan.Decompression;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.signature.Signature;

/**
 * Reads loads from files: load records as {@code -o loads} writes them, or recordings of events,
 * which are first joined and judged.
 */
public final class RecordedLoads {

  /** Sets how many bytes are searched for the schema, which is the first key of each record. */
  private static final int PEEKED = 4096;

  private final List<Signature> signatures;
  private final Shell shell;
  private final Complaints badLines;

  RecordedLoads(List<Signature> signatures, Shell shell) {
    this.signatures = List.copyOf(signatures);
    this.shell = shell;
    this.badLines = new Complaints(shell, "bad lines");
  }

  /**
   * Passes each load in {@code files} to {@code loads}, in order.
   *
   * @param files the names of files; {@code -} is standard input
   * @throws CommandException if a file cannot be read
   */
  void read(List<String> files, Consumer<LoadRecord> loads) {
    for (String file : files) {
      boolean piped = file.equals(ReplayRun.STANDARD_INPUT);
      String name = piped ? "standard input" : file;
      try (InputStream in = piped ? shell.in() : Files.newInputStream(Path.of(file))) {
        read(new BufferedInputStream(Decompression.open(in)), name, loads);
      } catch (IOException e) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE,
            "cannot read %s: %s".formatted(name, ReplayCommand.reason(e)),
            e);
      }
    }
    badLines.finish();
  }

  private void read(BufferedInputStream in, String name, Consumer<LoadRecord> loads)
      throws IOException {
    in.mark(PEEKED);
    byte[] start = in.readNBytes(PEEKED);
    in.reset();
    if (new String(start, StandardCharsets.UTF_8).contains("\"" + LoadRecord.SCHEMA + "\"")) {
      LoadReader.readAll(
          in, name, ReadOptions.DEFAULT, loads, line -> badLines.add(line.toString()));
    } else {
      events(in, name, loads);
    }
  }

  private void events(InputStream in, String name, Consumer<LoadRecord> loads) throws IOException {
    var pipeline =
        new Pipeline(
            signatures, shell, LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null), Policy.none());
    var reporter = new Reporter(Catalogue.of(signatures), Duration.ZERO, false);
    var loop = new ReplayLoop(pipeline, reporter, new LoadsOutput(loads));
    try {
      EventReader.read(
          in,
          name,
          ReadOptions.DEFAULT,
          new RecordingFeed(loop, line -> badLines.add(line.toString())));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    loop.finish();
  }

  /** Takes the records alone. */
  private record LoadsOutput(Consumer<LoadRecord> loads) implements Output {
    @Override
    public void accept(Notice notice) {
      if (notice instanceof Notice.OfLoad(LoadRecord load)) {
        loads.accept(load);
      }
    }

    @Override
    public void flush() {
      // Each record was taken at once.
    }
  }
}

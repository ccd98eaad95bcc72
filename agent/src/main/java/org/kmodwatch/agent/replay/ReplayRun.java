package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.Counted;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Interruption;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;

/**
 * Manages one replay from its start to its end or interruption: progress on the terminal, signals,
 * and the checkpoints of {@code --resume}. Used by the reading thread.
 *
 * <p>A resumed run reads its inputs from the beginning, and passes all events to the same pipeline.
 * The output is muted up to the checkpoint. So load tracker, engine and signatures reach the same
 * state as before, and none of it needs to be saved. A place is the number of events and bad lines
 * before it. It does not depend on how the input is cut into blocks. Length and checksum verify
 * that the output is the same as before.
 */
public final class ReplayRun implements AutoCloseable {

  public static final String STANDARD_INPUT = "-";

  private final ReplayScreen screen;
  private final Surroundings surroundings;
  private final OptionalLong totalBytes;
  private final @Nullable ProgressBar bar;
  private final @Nullable Resumption resumption;
  private final Interruption interruption;
  private final Delivery delivery;

  /** The place up to which the output is muted. */
  private final Checkpoint.Position muteUntil;

  private boolean muted;
  private long delivered;
  private long events;
  private long bytesBefore;
  private long inputBytes;
  private long lastCheckpointNanos;

  /** Signals that the run was interrupted. It passes through the reader. */
  static final class InterruptedRunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InterruptedRunException() {
      super("interrupted", null, false, false);
    }
  }

  /**
   * Holds the environment of a run.
   *
   * @param nanoTime a clock like {@link System#nanoTime}
   * @param checkpointInterval the time between two checkpoints
   * @param interruption called once, at the start
   */
  record Surroundings(
      LongSupplier nanoTime, Duration checkpointInterval, Supplier<Interruption> interruption) {

    /** The surroundings in a process. */
    static final Surroundings OF_PROCESS =
        new Surroundings(System::nanoTime, Duration.ofSeconds(5), Interruption::bySignals);
  }

  /** Writes all buffered output. */
  interface Delivery {
    void flush() throws IOException;
  }

  /** Holds the state of {@code --resume}: the file, and the checkpoint of the start. */
  private record Resumption(Path path, CheckpointFile file, Checkpoint begun) {}

  private ReplayRun(
      ReplayScreen screen,
      Surroundings surroundings,
      OptionalLong totalBytes,
      boolean progress,
      @Nullable Resumption resumption,
      Checkpoint.Position muteUntil,
      Delivery delivery) {
    this.screen = screen;
    this.surroundings = surroundings;
    this.totalBytes = totalBytes;
    this.bar =
        progress && totalBytes.isPresent()
            ? new ProgressBar(screen.line(), surroundings.nanoTime(), totalBytes.getAsLong())
            : null;
    this.resumption = resumption;
    this.muteUntil = muteUntil;
    this.delivery = delivery;
    this.lastCheckpointNanos = surroundings.nanoTime().getAsLong();
    this.muted = muteUntil.delivered() > 0;
    screen.mute(muted);
    this.interruption = surroundings.interruption().get();
  }

  /**
   * Starts a run over {@code files}.
   *
   * @param progress whether to show progress on a terminal
   * @param resume the file for checkpoints, which may hold one to resume from; null for none
   * @param settings the other settings that decide the output, by name; called for checkpoints only
   * @param delivery writes the run's buffered output
   * @throws CommandException if the run cannot resume from the existing checkpoint, or its inputs
   *     cannot be resumed
   */
  static ReplayRun start(
      ReplayScreen screen,
      Surroundings surroundings,
      List<String> files,
      boolean progress,
      @Nullable Path resume,
      Supplier<Map<String, String>> settings,
      Delivery delivery) {
    if (resume == null) {
      return new ReplayRun(
          screen,
          surroundings,
          totalBytes(files),
          progress,
          null,
          Checkpoint.Position.START,
          delivery);
    }
    var begun = new Checkpoint(settings.get(), inputs(files), Checkpoint.Position.START);
    var file = new CheckpointFile(resume);
    Optional<Checkpoint> before = file.read();
    if (before.isPresent()) {
      reportResume(screen, resume, before.get(), begun);
    } else {
      // Finds write errors now rather than after hours.
      file.write(begun);
    }
    return new ReplayRun(
        screen,
        surroundings,
        OptionalLong.of(begun.totalBytes()),
        progress,
        new Resumption(resume, file, begun),
        before.map(Checkpoint::position).orElse(Checkpoint.Position.START),
        delivery);
  }

  private static void reportResume(
      ReplayScreen screen, Path resume, Checkpoint before, Checkpoint now) {
    Optional<String> difference = before.differenceTo(now);
    if (difference.isPresent()) {
      throw new CommandException(
          ExitStatus.USAGE,
          "--resume %s is of another replay: %s; give what it was begun with, or begin anew: remove %s"
                  .formatted(resume, difference.get(), resume)
              + ", and what that replay has written");
    }
    screen.note(
        "kmodwatch: going on at %d %%; what comes before is read again, and not told again"
            .formatted(before.percent()));
  }

  private static OptionalLong totalBytes(List<String> files) {
    long total = 0;
    for (String file : files) {
      Path path = Path.of(file);
      if (file.equals(STANDARD_INPUT) || !Files.isRegularFile(path)) {
        return OptionalLong.empty();
      }
      try {
        total += Files.size(path);
      } catch (IOException e) {
        return OptionalLong.empty();
      }
    }
    return OptionalLong.of(total);
  }

  private static List<ReplayInput> inputs(List<String> files) {
    var inputs = new ArrayList<ReplayInput>();
    for (String file : files) {
      if (file.equals(STANDARD_INPUT)) {
        throw new CommandException(
            ExitStatus.USAGE,
            "standard input cannot be read again, as --resume has to; give the recording as a"
                + " file");
      }
      try {
        if (Files.exists(Path.of(file)) && !Files.isRegularFile(Path.of(file))) {
          throw new CommandException(
              ExitStatus.USAGE,
              "%s cannot be read again, as --resume has to; give the recording as a file"
                  .formatted(file));
        }
        inputs.add(ReplayInput.of(Path.of(file)));
      } catch (NoSuchFileException e) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE, "cannot read %s: there is no such file".formatted(file), e);
      } catch (IOException e) {
        throw new CommandException(
            ExitStatus.UNAVAILABLE, "cannot read %s: %s".formatted(file, e), e);
      }
    }
    return inputs;
  }

  /**
   * Counts the events and bad lines that {@code handler} processed. Throws {@link
   * InterruptedRunException} between two of them.
   */
  EventHandler counting(EventHandler handler) {
    return new EventHandler() {
      @Override
      public void onEvent(Event event) {
        handler.onEvent(event);
        events++;
        countDelivered();
      }

      @Override
      public void onBadLine(BadLine line) {
        handler.onBadLine(line);
        countDelivered();
      }
    };
  }

  /**
   * Returns the onlooker for an input.
   *
   * @param channel the input's channel; null for an input without a size
   */
  ParallelReader.Onlooker onlooker(@Nullable FileChannel channel) {
    return new ParallelReader.Onlooker() {
      @Override
      public long position() throws IOException {
        return channel == null ? 0 : channel.position();
      }

      @Override
      public void at(long position) {
        inputBytes = bytesBefore + position;
        look();
      }
    };
  }

  /** Notes that one input has been read as far as possible. */
  void endOfInput(long sizeBytes) {
    bytesBefore += sizeBytes;
    inputBytes = bytesBefore;
  }

  private void countDelivered() {
    delivered++;
    if (muted && delivered == muteUntil.delivered()) {
      endMuting();
    }
    if (interruption.isAsked()) {
      throw new InterruptedRunException();
    }
  }

  private void look() {
    if (bar != null) {
      bar.at(muted ? "catching up" : "replay", inputBytes);
    }
    if (interruption.isAsked()) {
      throw new InterruptedRunException();
    }
    long now = surroundings.nanoTime().getAsLong();
    if (resumption != null
        && !muted
        && now - lastCheckpointNanos >= surroundings.checkpointInterval().toNanos()) {
      lastCheckpointNanos = now;
      writeCheckpoint(resumption);
    }
  }

  /** Checks that the output so far equals the output of the earlier run, and ends the muting. */
  private void endMuting() {
    flush();
    if (screen.outputBytes() != muteUntil.outputBytes()
        || screen.outputChecksum() != muteUntil.outputChecksum()) {
      throw differs();
    }
    muted = false;
    screen.mute(false);
  }

  private CommandException differs() {
    Path path = resumption == null ? Path.of("") : resumption.path();
    return new CommandException(
        ExitStatus.UNAVAILABLE,
        "cannot go on with --resume %s: the same recordings give something else than they gave;"
                .formatted(path)
            + " nothing was written; begin anew: remove %s, and what that replay has written"
                .formatted(path));
  }

  private void writeCheckpoint(Resumption to) {
    flush();
    try {
      screen.force();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Checkpoint begun = to.begun();
    to.file()
        .write(
            new Checkpoint(
                begun.settings(),
                begun.inputs(),
                new Checkpoint.Position(
                    delivered, inputBytes, screen.outputBytes(), screen.outputChecksum())));
  }

  private void flush() {
    try {
      delivery.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Notes that all inputs were read.
   *
   * @throws CommandException if they held fewer events than the earlier run had processed
   */
  void endOfInputs() {
    if (muted) {
      throw differs();
    }
  }

  /** Removes the checkpoint after all output is written. */
  void finish() throws IOException {
    if (resumption != null) {
      screen.force();
      resumption.file().delete();
    }
  }

  /** Writes a checkpoint, and shows how to resume the run. */
  void interrupt() {
    String far =
        totalBytes.isPresent()
            ? "at %d %%".formatted(ProgressBar.percent(inputBytes, totalBytes.getAsLong()))
            : "after %s".formatted(Counted.of(events, "event"));
    if (resumption == null) {
      screen.note(
          "kmodwatch: interrupted %s; what is written is whole, the rest was not read"
                  .formatted(far)
              + "%s".formatted(totalBytes.isPresent() ? "; --resume FILE could go on there" : ""));
      return;
    }
    // The checkpoint of an earlier run is further on than this run.
    if (!muted) {
      writeCheckpoint(resumption);
    }
    screen.note(
        "kmodwatch: interrupted %s; go on with the same command, adding to its output: --resume %s"
            .formatted(far, resumption.path()));
  }

  @Override
  public void close() {
    screen.line().clear();
    interruption.close();
  }
}

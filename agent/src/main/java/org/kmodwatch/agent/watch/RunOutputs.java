package org.kmodwatch.agent.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputAccount;
import org.kmodwatch.agent.output.OutputLoss;
import org.kmodwatch.agent.output.OutputQueue;
import org.kmodwatch.agent.output.ReaderGoneException;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.agent.pipeline.Judged;
import org.kmodwatch.agent.sink.SinkAccount;
import org.kmodwatch.agent.sink.Sinks;
import org.kmodwatch.core.event.Event;

/**
 * Everything that a run of {@code watch} writes to: standard output, the recording, the sinks. Each
 * has a queue and threads of its own, so that none holds up another, or the sensor. Of the run's
 * thread.
 */
public final class RunOutputs implements AutoCloseable {

  /** In the order in which they get a notice. */
  private final List<Output> all;

  private final OutputQueue standardQueue;
  private final @Nullable OutputQueue standardError;
  private final @Nullable Recorder recorder;
  private final Sinks sinks;

  /**
   * Makes one.
   *
   * @param standardOutput writes into {@code standardQueue}
   * @param standardError what the notes of the run go through; null if they go through none
   * @param recorder null for none
   */
  RunOutputs(
      Output standardOutput,
      OutputQueue standardQueue,
      @Nullable OutputQueue standardError,
      @Nullable Recorder recorder,
      Sinks sinks) {
    this.all =
        recorder == null
            ? List.of(standardOutput, sinks)
            : List.of(standardOutput, recorder, sinks);
    this.standardQueue = standardQueue;
    this.standardError = standardError;
    this.recorder = recorder;
    this.sinks = sinks;
  }

  /**
   * Gives a notice to each of them.
   *
   * @param event at which a fault is reported; null if it is not known
   * @return the outputs that failed: one costs the next nothing
   * @throws IOException if standard output or the recording cannot be written
   */
  List<Judged.Failed> accept(Notice notice, @Nullable Event event) throws IOException {
    List<Judged.Failed> failed = List.of();
    for (Output output : all) {
      try {
        output.accept(notice);
      } catch (RuntimeException | Error e) {
        failed = new ArrayList<>(failed);
        failed.add(Judged.Failed.of(event, e));
      }
    }
    return failed;
  }

  /**
   * Writes everything that was taken so far.
   *
   * @throws IOException if it cannot be written
   */
  void flush() throws IOException {
    for (Output output : all) {
      output.flush();
    }
  }

  Sinks sinks() {
    return sinks;
  }

  /**
   * Ends a run that nobody can hear of any more, as that of {@code watch | head} once head has its
   * lines. One that has other outputs goes on.
   *
   * @throws ReaderGoneException if standard output's reader has gone and it is the only output
   */
  void requireListener() throws ReaderGoneException {
    Optional<ReaderGoneException> gone = standardQueue.readerGone();
    if (gone.isPresent() && recorder == null && sinks.isEmpty()) {
      throw gone.get();
    }
  }

  /**
   * Waits until all that was given is out of this process's hands, but no longer than {@code
   * atMost}, and not at all for an output that does not keep up.
   *
   * @return whether a kill at this moment would lose nothing
   */
  boolean awaitWritten(Duration atMost) {
    long end = System.nanoTime() + atMost.toNanos();
    boolean safe = true;
    for (OutputQueue queue : queues()) {
      safe &= queue.awaitWritten(left(end));
    }
    boolean onDisk = sinks.awaitOnDisk(left(end));
    return safe && onDisk;
  }

  private static Duration left(long endNanos) {
    return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
  }

  /**
   * Those that have had something to accept for longer than {@code after}, and accepted nothing.
   */
  List<Stall> stalls(Duration after) {
    var stalls = new ArrayList<Stall>();
    withError().forEach(queue -> queue.stall(after).ifPresent(stalls::add));
    stalls.addAll(sinks.stalls(after));
    return stalls;
  }

  /** How many each of them has lost, by its name. */
  Map<String, Long> lost() {
    var lost = new LinkedHashMap<String, Long>();
    accounts().forEach(account -> lost.put(account.name(), account.lostInAll()));
    for (SinkAccount account : sinks.accounts()) {
      lost.put(Sinks.outputName(account.name()), account.lostInAll() + account.forcedOut());
    }
    return lost;
  }

  /** The accounts of those that are no sinks. */
  List<OutputAccount> accounts() {
    return withError().stream().map(OutputQueue::account).toList();
  }

  private List<OutputQueue> queues() {
    return recorder == null ? List.of(standardQueue) : List.of(standardQueue, recorder.queue());
  }

  /** Notes are no records: nobody waits for them to be accepted. */
  private List<OutputQueue> withError() {
    var queues = new ArrayList<OutputQueue>(queues());
    if (standardError != null) {
      queues.add(standardError);
    }
    return queues;
  }

  /** Has the ledger written, where there is a recording. */
  void write(Ledger ledger) {
    if (recorder != null) {
      recorder.write(ledger);
    }
  }

  boolean isRecording() {
    return recorder != null;
  }

  /** Waits until what was given is written, as {@link OutputQueue#drain} does; ends the sinks. */
  void finish() {
    sinks.close();
    queues().forEach(OutputQueue::drain);
  }

  /**
   * Ends all of them.
   *
   * @throws IOException if one that is no sink has not accepted all
   */
  @Override
  public void close() throws IOException {
    sinks.close();
    standardQueue.close();
    if (recorder != null) {
      recorder.close();
    }
    for (OutputQueue queue : queues()) {
      OutputAccount account = queue.account();
      if (account.lost().containsKey(OutputLoss.ENDED)) {
        throw new IOException(
            "%s: did not accept what was left at the end, lost=%d"
                .formatted(account.name(), account.lost().get(OutputLoss.ENDED)));
      }
    }
  }
}

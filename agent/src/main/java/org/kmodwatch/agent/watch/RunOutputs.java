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
 * The outputs that a run of {@code watch} writes to: standard output, the recording, the sinks.
 * Each has a separate queue and threads, so that none blocks another, or the sensor. Only the run's
 * thread uses this class.
 */
public final class RunOutputs implements AutoCloseable {

  /** The outputs, in the order in which they receive a notice. */
  private final List<Output> all;

  private final OutputQueue standardQueue;
  private final @Nullable OutputQueue standardError;
  private final @Nullable Recorder recorder;
  private final Sinks sinks;

  /**
   * Creates the outputs.
   *
   * @param standardOutput writes into {@code standardQueue}
   * @param standardError the queue for the run's messages; null if they have no queue
   * @param recorder the recording; null without one
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
   * Writes a notice to each output. If one fails, the others still receive the notice.
   *
   * @param event the event to name in a fault; null if it is not known
   * @return the faults of the outputs that failed
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
   * Writes all notices so far.
   *
   * @throws IOException if they cannot be written
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
   * Ends a run whose only output has lost its reader, such as {@code watch | head} after head has
   * read its lines. A run with other outputs continues.
   *
   * @throws ReaderGoneException if the reader of standard output has gone and there is no other
   *     output
   */
  void requireListener() throws ReaderGoneException {
    Optional<ReaderGoneException> gone = standardQueue.readerGone();
    if (gone.isPresent() && recorder == null && sinks.isEmpty()) {
      throw gone.get();
    }
  }

  /**
   * Waits until the queues are written and the sinks' notices are on disk, at most {@code atMost}.
   * It does not wait for an output that does not keep up.
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
   * Returns the outputs that have had lines waiting for longer than {@code after} and accepted
   * none.
   */
  List<Stall> stalls(Duration after) {
    var stalls = new ArrayList<Stall>();
    withError().forEach(queue -> queue.stall(after).ifPresent(stalls::add));
    stalls.addAll(sinks.stalls(after));
    return stalls;
  }

  /** Returns the number of lost records of each output, by its name. */
  Map<String, Long> lost() {
    var lost = new LinkedHashMap<String, Long>();
    accounts().forEach(account -> lost.put(account.name(), account.lostInAll()));
    for (SinkAccount account : sinks.accounts()) {
      lost.put(Sinks.outputName(account.name()), account.lostInAll() + account.forcedOut());
    }
    return lost;
  }

  /** Returns the accounts of the outputs that are not sinks. */
  List<OutputAccount> accounts() {
    return withError().stream().map(OutputQueue::account).toList();
  }

  private List<OutputQueue> queues() {
    return recorder == null ? List.of(standardQueue) : List.of(standardQueue, recorder.queue());
  }

  /**
   * Returns the queues with that of standard error. Its messages are not records: no code waits
   * until they are accepted.
   */
  private List<OutputQueue> withError() {
    var queues = new ArrayList<OutputQueue>(queues());
    if (standardError != null) {
      queues.add(standardError);
    }
    return queues;
  }

  /** Writes the ledger if there is a recording. */
  void write(Ledger ledger) {
    if (recorder != null) {
      recorder.write(ledger);
    }
  }

  boolean isRecording() {
    return recorder != null;
  }

  /**
   * Closes the sinks. Then waits until the queues are written, as {@link OutputQueue#drain} does.
   */
  void finish() {
    sinks.close();
    queues().forEach(OutputQueue::drain);
  }

  /**
   * Closes all outputs.
   *
   * @throws IOException if an output that is not a sink has not accepted all lines
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

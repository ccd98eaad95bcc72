package org.kmodwatch.agent.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.state.FatalAttempts;
import org.kmodwatch.agent.state.ReportJournal;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.Identity;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorFault;

/**
 * Commits what a run has reported. An event stays in the kernel's ring until the outputs have
 * accepted its records, so that a kill loses none. The journal of a pinned sensor notes each record
 * before it is reported, so that the next agent reports none twice (docs/explanation/restarts.md).
 * Only the run's thread uses this class.
 */
final class Commits {

  /** The largest number of records that a kill may repeat, unless the disk is slow. */
  private static final int UNSETTLED = 16;

  /** The longest wait for an output before the kernel's ring is read again. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  private final @Nullable ReportJournal journal;
  private final RunOutputs outputs;
  private final long startNanos;

  /**
   * Creates the commits of one run.
   *
   * @param journal the journal of a pinned sensor; null if the sensor is not pinned
   * @param startNanos the start of the run, on the scale of {@link SensorContexts#steadyNanos},
   *     which begins with the present setting of the clock
   */
  Commits(@Nullable ReportJournal journal, RunOutputs outputs, long startNanos) {
    this.journal = journal;
    this.outputs = outputs;
    this.startNanos = startNanos;
  }

  /** Opens the list of attempts that ended an earlier agent; null if the sensor is not pinned. */
  @Nullable FatalAttempts openFatalAttempts(Shell shell) {
    return journal == null ? null : FatalAttempts.open(journal.folder(), shell::note);
  }

  /** Notes that the run goes on with the events of an earlier agent. */
  void resumed() {
    if (journal != null) {
      journal.resumed();
    }
  }

  /** Returns whether an earlier agent may have reported records that the journal lacks. */
  boolean mayLackRecords() {
    return journal != null && journal.hasHoles();
  }

  /** Returns whether an earlier agent has reported the record of an event. */
  boolean isReported(Event event) {
    return journal != null && journal.isReported(Identity.recordId(event));
  }

  /** Returns the present faults of the sensor and of the journal. */
  List<SensorFault> faults(Sensor live) {
    if (journal == null) {
      return live.faults();
    }
    journal.tick();
    var faults = new ArrayList<>(live.faults());
    faults.addAll(journal.faults());
    return faults;
  }

  /**
   * Notes in the journal that a record is about to be reported.
   *
   * @return the record, marked if an earlier agent may have reported it; empty if an earlier agent
   *     has reported it
   */
  Optional<LoadRecord> journal(LoadRecord record, Event basis) throws IOException {
    if (journal == null) {
      return Optional.of(record);
    }
    String first = ReportJournal.firstOf(record.id());
    boolean isFirst = record.mayBeReplaced();
    if (isFirst && journal.isReported(first)) {
      return Optional.empty();
    }
    if (journal.unsettled() >= UNSETTLED) {
      settle(journal);
    }
    // The clock may have been set back since then, before or after the start of this agent.
    long steadyNanos = record.timeNanos() - SensorContexts.clockShiftNanos(basis);
    String reported = isFirst ? first : record.id();
    Optional<String> doubt = journal.doubtOf(reported, steadyNanos < startNanos);
    journal.note(reported);
    LoadRecord marked =
        !isFirst && journal.mayBeReported(first) && !record.replacesAnother()
            ? record.replacing("the call had not returned by then")
            : record;
    return Optional.of(
        doubt.map(why -> ReportJournal.possiblyReportedBefore(marked, why)).orElse(marked));
  }

  /**
   * Flushes the outputs. Frees the reported events in the kernel, once no process needs them any
   * more.
   *
   * @param isQuiescent whether no attempt is open, so that no later record needs these events
   * @param inventory keeps the modules that have records, before their events are freed
   */
  void commit(Sensor live, boolean isQuiescent, Inventory inventory) throws IOException {
    if (journal == null) {
      flush();
      live.commit();
      return;
    }
    if (!settle(journal) && !live.mustCommit()) {
      // After a kill, the next agent reads these events again.
      return;
    }
    if (isQuiescent || live.mustCommit()) {
      inventory.keep();
      live.commit();
      journal.clear();
    }
  }

  /**
   * Flushes the outputs. Returns whether they have accepted all records, and marks the records in
   * the journal if so.
   */
  private boolean settle(ReportJournal reported) throws IOException {
    flush();
    if (!outputs.awaitWritten(PATIENCE)) {
      return false;
    }
    reported.settle();
    return true;
  }

  private void flush() throws IOException {
    outputs.flush();
    outputs.requireListener();
  }
}

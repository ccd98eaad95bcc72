package org.kmodwatch.core.load;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** The counters of a {@link LoadTracker}; {@link LoadTrackerStatistics} says what each counts. */
final class Account {

  /** What became of an event: exactly one of these. */
  enum Fate {
    /** Part of an attempt, or a record by itself. */
    JOINED,
    /** Asked for a module. */
    REQUEST,
    /** Return of a call that had been reported. */
    LATE_RETURN,
    /** Another event of an attempt that had been reported. */
    LATE,
    /** Known. */
    DUPLICATE,
    /** In no call, and says nothing by itself. */
    OUTSIDE_CALL,
    /** Has nothing to do with loads. */
    UNRELATED
  }

  private final Map<Fate, LongAdder> fates = new EnumMap<>(Fate.class);
  private final Map<LoadRecord.Outcome, Long> records = new EnumMap<>(LoadRecord.Outcome.class);
  private long events;
  private long summarised;
  private long requestsSummarised;
  long attempts;
  long corrected;
  long evicted;
  long forgotten;
  long summaries;
  long requestRecords;

  Account() {
    EnumSet.allOf(Fate.class).forEach(fate -> fates.put(fate, new LongAdder()));
  }

  /** Counts what became of an event. */
  void add(Fate fate) {
    events++;
    of(fate).increment();
  }

  /** Counts the record of an attempt. */
  void record(LoadRecord record) {
    records.merge(record.outcome(), 1L, Long::sum);
  }

  /** Counts a record that stands for all that a limit held back. */
  void summary(LoadRecord record, boolean ofRequests) {
    summaries++;
    if (ofRequests) {
      requestsSummarised += record.repeats();
    } else {
      summarised += record.repeats();
    }
  }

  private LongAdder of(Fate fate) {
    return Objects.requireNonNull(fates.get(fate));
  }

  LoadTrackerStatistics statistics(int open, int held, Requests requests) {
    return new LoadTrackerStatistics(
        events,
        of(Fate.JOINED).sum(),
        of(Fate.REQUEST).sum() - requests.duplicates,
        of(Fate.LATE_RETURN).sum(),
        of(Fate.LATE).sum(),
        of(Fate.DUPLICATE).sum() + requests.duplicates,
        of(Fate.OUTSIDE_CALL).sum(),
        of(Fate.UNRELATED).sum(),
        attempts,
        records,
        corrected,
        evicted,
        forgotten,
        summaries,
        summarised,
        open,
        held,
        requests.count,
        requests.refused,
        requests.withAttempt,
        requests.withoutLoad,
        requests.pending(),
        requestRecords,
        requestsSummarised);
  }
}

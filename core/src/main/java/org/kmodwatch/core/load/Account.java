package org.kmodwatch.core.load;

import java.util.EnumMap;
import java.util.Map;

/** The counters of a {@link LoadTracker}; {@link LoadTrackerStatistics} says what each counts. */
@SuppressWarnings("EnumOrdinal") // an array of counters, which leaves no garbage for an event
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

  /** By the ordinals of {@link Fate}. */
  private final long[] fates = new long[Fate.values().length];

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

  /** Counts what became of an event. */
  void add(Fate fate) {
    events++;
    fates[fate.ordinal()]++;
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

  private long of(Fate fate) {
    return fates[fate.ordinal()];
  }

  LoadTrackerStatistics statistics(int open, int held, Requests requests) {
    return new LoadTrackerStatistics(
        events,
        of(Fate.JOINED),
        of(Fate.REQUEST) - requests.duplicates,
        of(Fate.LATE_RETURN),
        of(Fate.LATE),
        of(Fate.DUPLICATE) + requests.duplicates,
        of(Fate.OUTSIDE_CALL),
        of(Fate.UNRELATED),
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

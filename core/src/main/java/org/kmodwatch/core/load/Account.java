package org.kmodwatch.core.load;

import java.util.EnumMap;
import java.util.Map;

/**
 * Counts the events and records of a {@link LoadTracker}. {@link LoadTrackerStatistics} describes
 * the counters.
 */
@SuppressWarnings("EnumOrdinal") // an array of counters, which allocates nothing for an event
final class Account {

  /** Lists the results for an event, which has exactly one. */
  enum Fate {
    /** The event is part of an attempt, or a record by itself. */
    JOINED,
    /** The event asked for a module. */
    REQUEST,
    /** The event is the return of a call that was already reported. */
    LATE_RETURN,
    /** The event is another event of an attempt that was already reported. */
    LATE,
    /** The event was already seen. */
    DUPLICATE,
    /** The event is outside any call and has no meaning by itself. */
    OUTSIDE_CALL,
    /** The event is unrelated to loads. */
    UNRELATED
  }

  /** The number of events that had each result, by the ordinals of {@link Fate}. */
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

  /** Counts the result for an event. */
  void add(Fate fate) {
    events++;
    fates[fate.ordinal()]++;
  }

  /** Counts the record of an attempt. */
  void record(LoadRecord record) {
    records.merge(record.outcome(), 1L, Long::sum);
  }

  /** Counts a record that summarises suppressed attempts or requests. */
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

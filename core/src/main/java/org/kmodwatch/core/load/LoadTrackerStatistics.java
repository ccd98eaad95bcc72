package org.kmodwatch.core.load;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * Holds the counters of a {@link LoadTracker}. Every event is in exactly one of {@code joined},
 * {@code requestEvents}, {@code lateReturns}, {@code lateEvents}, {@code duplicates}, {@code
 * outsideCalls} and {@code unrelated}. Every attempt has a record, or is open or held.
 *
 * @param events events received
 * @param joined events that became part of an attempt
 * @param requestEvents events that asked for a module
 * @param lateReturns returns of calls that were already reported
 * @param lateEvents other events of an attempt that was already reported
 * @param duplicates events that were already seen
 * @param outsideCalls events of an attempt that were in no system call and have no meaning by
 *     themselves
 * @param unrelated events unrelated to loads
 * @param attempts attempts seen
 * @param records records made, by outcome
 * @param corrected records that replace one of the same id, because the call returned, or its
 *     module was loaded, only after the first record
 * @param evicted records made early because too many attempts were open or held back, or they were
 *     too large together
 * @param forgotten attempts reported before they returned whose return is no longer awaited. It
 *     took too long, or the attempts were too many, or too large together
 * @param summaries records that stand for suppressed attempts
 * @param summarised attempts that those records stand for; the other counters do not include them
 * @param open attempts without a record yet
 * @param held attempts whose record waits for an event of another thread
 * @param requests requests of the kernel; the two events of one request count once
 * @param requestsRefused requests that a security module refused
 * @param requestsWithAttempt requests that led to an attempt
 * @param requestsWithoutLoad requests that led to no attempt while they were kept
 * @param requestsPending requests that are still kept and have led to no attempt
 * @param requestRecords records of requests, not included in {@code records}
 * @param requestsSummarised suppressed requests that {@code summaries} stand for
 */
public record LoadTrackerStatistics(
    long events,
    long joined,
    long requestEvents,
    long lateReturns,
    long lateEvents,
    long duplicates,
    long outsideCalls,
    long unrelated,
    long attempts,
    Map<LoadRecord.Outcome, Long> records,
    long corrected,
    long evicted,
    long forgotten,
    long summaries,
    long summarised,
    int open,
    int held,
    long requests,
    long requestsRefused,
    long requestsWithAttempt,
    long requestsWithoutLoad,
    long requestsPending,
    long requestRecords,
    long requestsSummarised) {

  /** Copies the map. */
  public LoadTrackerStatistics {
    var copy = new EnumMap<LoadRecord.Outcome, Long>(LoadRecord.Outcome.class);
    copy.putAll(records);
    records = Collections.unmodifiableMap(copy);
  }

  /** Returns the total number of records made. */
  public long recordsInAll() {
    return records.values().stream().mapToLong(Long::longValue).sum();
  }
}

package org.kmodwatch.core.load;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * A {@link LoadTracker}'s account. Every event is in exactly one of {@code joined}, {@code
 * requestEvents}, {@code lateReturns}, {@code lateEvents}, {@code duplicates}, {@code outsideCalls}
 * and {@code unrelated}; every attempt has a record, or is open or held.
 *
 * @param events how many it was given
 * @param joined events that became part of an attempt
 * @param requestEvents events that asked for a module
 * @param lateReturns returns of calls that had been reported before
 * @param lateEvents other events of an attempt that had been reported
 * @param duplicates events that had been seen before
 * @param outsideCalls events of an attempt that were in no system call and say nothing by
 *     themselves
 * @param unrelated events that have nothing to do with loads
 * @param attempts attempts seen
 * @param records records made, by outcome
 * @param corrected records that replace one of the same id: the call returned only after it had
 *     been reported, or its module was in place only then
 * @param evicted records made early because too many were open or held back, or too large together
 * @param forgotten attempts reported before they returned whose return is not waited for any more,
 *     since it took too long, or there were too many of them, or too large together
 * @param summaries records that stand for attempts which were held back
 * @param summarised attempts that those stand for; none of them is among the others
 * @param open attempts without a record yet
 * @param held attempts whose record waits for an event of another thread
 * @param requests what the kernel asked for; the two events of one request are one
 * @param requestsRefused requests that a security module refused
 * @param requestsWithAttempt requests that led to an attempt
 * @param requestsWithoutLoad requests that led to none while they were kept
 * @param requestsPending requests that are still kept and led to none so far
 * @param requestRecords records of requests; none of them is among {@code records}
 * @param requestsSummarised requests that were held back, and that {@code summaries} stand for
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

  /** How many records were made in all. */
  public long recordsInAll() {
    return records.values().stream().mapToLong(Long::longValue).sum();
  }
}

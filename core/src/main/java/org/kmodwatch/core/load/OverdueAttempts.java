package org.kmodwatch.core.load;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.Account.Fate;
import org.kmodwatch.core.load.Attempt.Part;

/**
 * The attempts that were reported before their calls returned, in the order of their reports. Each
 * waits for its return for at most a day. After a longer init, its first record is final.
 */
final class OverdueAttempts {

  private static final long LATEST_RETURN_NANOS = 86_400_000_000_000L;

  private final SequencedMap<Identity, Attempt> overdue = new LinkedHashMap<>();

  /**
   * The attempts whose return is no longer awaited. Their later events do not make a new attempt.
   */
  private final SequencedSet<Identity> forgotten = new LinkedHashSet<>();

  private final int max;
  private final long likelyNanos;
  private final PendingRecords pending;
  private final KeptBytes kept;
  private final Account account;

  OverdueAttempts(
      LoadTrackerOptions options, PendingRecords pending, KeptBytes kept, Account account) {
    this.max = options.maxOpen();
    this.likelyNanos = options.lateLimit().toNanos();
    this.pending = pending;
    this.kept = kept;
    this.account = account;
  }

  boolean isEmpty() {
    return overdue.isEmpty();
  }

  Collection<Attempt> all() {
    return overdue.values();
  }

  @Nullable Attempt get(Identity identity) {
    return overdue.get(identity);
  }

  /** Makes the record of an attempt whose call is not known to have returned. */
  void add(Attempt attempt, String why) {
    attempt.becomeOverdue(Math.max(pending.nowNanos(), attempt.shared(attempt.beginNanos())), why);
    Attempt before = overdue.put(attempt.identity, attempt);
    if (before != null) {
      kept.leave(before);
    }
    kept.enter(attempt);
    if (overdue.size() > max) {
      forgetOldest();
    }
    pending.complete(attempt);
  }

  /** Processes the call event of an overdue attempt. */
  Fate call(Attempt attempt, LoadEvent.OfAttempt call, List<String> findingIds) {
    if (call instanceof LoadEvent.CallReturned returned) {
      overdue.remove(attempt.identity);
      kept.leave(attempt);
      if (pending.takeBack(attempt)) {
        attempt.replaceRecord("the call had not returned by then");
        account.corrected++;
      }
      attempt.hasReturned();
      attempt.join(Part.CALL, returned.asCall(), findingIds);
      pending.complete(attempt);
      return Fate.LATE_RETURN;
    }
    if (attempt.has(Part.CALL)) {
      return Fate.DUPLICATE;
    }
    attempt.join(Part.CALL, call.event(), findingIds);
    return Fate.JOINED;
  }

  /** Processes another event of an overdue attempt. */
  Fate step(Attempt attempt, Part part, Event event, List<String> findingIds) {
    if (attempt.has(part)) {
      return Fate.DUPLICATE;
    }
    attempt.join(part, event, findingIds);
    if (part == Part.LOAD
        && attempt.verdict().outcome() != LoadRecord.Outcome.LOADED
        && !attempt.isHeld()) {
      attempt.replaceRecord("the module came to be in place only after that");
      account.corrected++;
      pending.correct(attempt);
    }
    return Fate.JOINED;
  }

  /** Returns whether the return of an attempt is no longer awaited. */
  boolean isForgotten(Identity identity) {
    return forgotten.contains(identity);
  }

  /** Removes an attempt that has returned now; returns whether its return was no longer awaited. */
  boolean removeForgotten(Identity identity) {
    return forgotten.remove(identity);
  }

  void forgetOldest() {
    Attempt oldest = overdue.pollFirstEntry().getValue();
    kept.leave(oldest);
    account.forgotten++;
    if (oldest.isNamed()) {
      forgotten.add(oldest.identity);
      if (forgotten.size() > max) {
        forgotten.removeFirst();
      }
    }
  }

  void forgetOld() {
    while (!overdue.isEmpty()
        && pending.nowNanos() - overdue.firstEntry().getValue().overdueSinceNanos()
            > LATEST_RETURN_NANOS) {
      forgetOldest();
    }
  }

  /** Returns whether a call is likely to return. */
  boolean awaitsReturns() {
    for (Attempt attempt : overdue.sequencedValues().reversed()) {
      if (pending.nowNanos() - attempt.overdueSinceNanos() > likelyNanos) {
        return false;
      }
      if (!attempt.entryMissed()) {
        return true;
      }
    }
    return false;
  }
}

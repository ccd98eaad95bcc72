package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Makes the records of attempts whose own events have all arrived. It holds back those that wait
 * for an event of another thread. It also knows which attempts have their last record.
 */
final class PendingRecords {

  private final LoadTrackerOptions options;
  private final LoadListener listener;
  private final RecordBuilder builder;
  private final RecordIds ids = new RecordIds();
  private final Blindness blindness;
  private final Requests requests;
  private final Waiters waiters;
  private final Retries retries;
  private final KeptBytes kept;
  private final Account account;
  private final List<Attempt> held = new ArrayList<>();

  /** When the last record of each attempt was made, by identity. */
  private final Map<Identity, Long> done = new LinkedHashMap<>();

  private long nowNanos;

  /** The smallest lead of any host's clock over that time so far, at most 0. */
  private long leastAheadNanos;

  PendingRecords(
      LoadTrackerOptions options,
      LoadListener listener,
      Blindness blindness,
      Requests requests,
      KeptBytes kept,
      Account account) {
    this.options = options;
    this.listener = listener;
    this.builder = new RecordBuilder(options.host(), options.modprobePath());
    this.blindness = blindness;
    this.requests = requests;
    this.waiters = new Waiters(options.maxRecent());
    this.retries = new Retries(options.maxRecent());
    this.kept = kept;
    this.account = account;
  }

  int held() {
    return held.size();
  }

  /** Makes the record of an attempt, now or after it has waited for events of other threads. */
  void complete(Attempt attempt) {
    ids.claim(attempt);
    attempt.judge();
    attempt.retries(retries.firstTryOf(attempt));
    attempt.startedFor(Requests.aliasOf(attempt));
    attempt.mayHaveWaited(Waiters.mayHaveWaited(attempt));
    waiters.remember(attempt);
    if (isSettled(attempt)) {
      emit(attempt);
      return;
    }
    attempt.holdBack(Math.max(nowNanos, attempt.shared(attempt.endOrBeginNanos())));
    held.add(attempt);
    kept.enter(attempt);
    if (held.size() > options.maxOpen()) {
      releaseOldest();
    }
  }

  /** Makes the record of a step outside any call, which waits for no other event. */
  void completeAtOnce(Attempt attempt) {
    attempt.judge();
    ids.claim(attempt);
    emit(attempt);
  }

  /** Makes a second record for a module that was loaded only after the first. */
  void correct(Attempt attempt) {
    emit(attempt);
    waiters.remember(attempt);
  }

  /** Withdraws an attempt whose call has returned late; returns whether it had a record. */
  boolean takeBack(Attempt attempt) {
    waiters.forget(attempt);
    if (attempt.isHeld()) {
      held.remove(attempt);
      kept.leave(attempt);
      return false;
    }
    return true;
  }

  /** Makes the records of the requests that led to no load. */
  void recordFruitless() {
    for (Requests.Fruitless each : requests.takeFruitless()) {
      Requests.Request request = each.request();
      boolean unseen = each.reason() != null && blindness.mayAffect(request.nanos);
      account.requestRecords++;
      listener.onLoad(
          builder.fruitless(
              request, ids.claim(request), each.reason(), unseen ? Blindness.REASON : null),
          request.best());
    }
  }

  /** Makes one record for all suppressed attempts or requests of a summary. */
  void summary(LoadEvent.Suppressed sum, List<String> findingIds) {
    if (sum.ofRequests() || Reasons.Call.named(sum.event().syscall()) != null) {
      LoadRecord record = builder.summary(sum, findingIds);
      account.summary(record, sum.ofRequests());
      listener.onLoad(record, sum.event());
    }
  }

  /** Makes the records that no longer wait, after a request has arrived. */
  void settle() {
    take(this::isSettled).forEach(this::emit);
  }

  void setTime(long nanos, long aheadNanos) {
    nowNanos = nanos;
    leastAheadNanos = Math.min(leastAheadNanos, aheadNanos);
  }

  /** Returns the time of the last tick; 0 before the first tick. */
  long nowNanos() {
    return nowNanos;
  }

  /** Makes the records that have waited long enough. */
  void releaseDue() {
    if (!held.isEmpty()) {
      long limit = options.holdLimit().toNanos();
      take(attempt -> nowNanos - attempt.heldSinceNanos() >= limit).forEach(this::release);
    }
  }

  /** Makes all held records. */
  void releaseAll() {
    take(attempt -> true).forEach(this::release);
  }

  void releaseOldest() {
    Attempt oldest = held.removeFirst();
    kept.leave(oldest);
    account.evicted++;
    release(oldest);
  }

  /** Returns whether an attempt has its last record. */
  boolean isDone(Identity identity) {
    return done.containsKey(identity);
  }

  /** Forgets attempts that are too old to be linked. */
  void forgetOld() {
    long oldest = nowNanos - options.linkLimit().toNanos();
    waiters.forgetBefore(oldest + leastAheadNanos);
    retries.forgetBefore(oldest + leastAheadNanos);
    for (Iterator<Long> times = done.values().iterator();
        times.hasNext() && times.next() < oldest; ) {
      times.remove();
    }
  }

  private List<Attempt> take(Predicate<Attempt> which) {
    var taken = new ArrayList<Attempt>();
    held.removeIf(attempt -> which.test(attempt) && taken.add(attempt));
    taken.forEach(kept::leave);
    return taken;
  }

  /** Links the attempt to its request; returns whether the record need not wait any longer. */
  private boolean isSettled(Attempt attempt) {
    requests.link(attempt);
    return (attempt.request != null || attempt.alias == null) && !attempt.mayHaveWaited;
  }

  /** Makes the record of an attempt that has waited long enough. */
  private void release(Attempt attempt) {
    String alias = attempt.alias;
    if (alias != null && attempt.request == null) {
      attempt.gapUntilReturn(
          "requester",
          attempt.forUnnamedRequest
              ? "of what was asked for, one name could not be read: it may have been " + alias
              : requests.wasFruitless(alias, attempt)
                  ? "who asked for %s is not known any more: the request was reported before"
                      .formatted(alias)
                  : "no process was seen to ask for " + alias);
    }
    if (attempt.mayHaveWaited) {
      Waiters.Main main = waiters.findMain(attempt);
      if (main != null) {
        attempt.waitedOn(main);
      } else if (attempt.verdict().outcome() == LoadRecord.Outcome.LOADED) {
        attempt.gap("waitedOn", "no attempt for the same file was seen to load it");
      }
    }
    emit(attempt);
  }

  private void emit(Attempt attempt) {
    if (attempt.isOverdue() && attempt.has(Attempt.Part.LOAD)) {
      attempt.judge();
    }
    LoadRecord record = builder.build(attempt);
    account.record(record);
    attempt.recorded();
    if (!attempt.isOverdue()) {
      done.put(
          attempt.identity.ofOneCall(attempt.beginNanos()),
          Math.max(nowNanos, attempt.shared(attempt.beginNanos())));
      if (done.size() > options.maxRecent()) {
        done.remove(done.keySet().iterator().next());
      }
    }
    listener.onLoad(record, attempt.basis());
  }
}

package org.kmodwatch.core.load;

import java.util.List;
import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.Account.Fate;
import org.kmodwatch.core.load.Attempt.Part;

/**
 * Joins events into load records. Each system call that loads or unloads a module has one record.
 * So has each module that is loaded or removed outside any observed call, and each request that is
 * refused or leads to no load.
 *
 * <p>The tracker has no thread and no clock. Timers expire in {@link #tick}, which needs the time
 * of the events already passed to the tracker. Behind a queue, that is the time of the last event
 * taken. For a recording, use the events' own timestamps, or no tick at all. All times are on the
 * scale of {@link SensorContexts#steadyNanos}. A change of the clock during a call therefore makes
 * nothing overdue, holds nothing back, and splits no attempt. Not thread-safe.
 *
 * <h2>Meaning and identity</h2>
 *
 * {@link LoadEvent} decides what an event means. {@link Identity} decides to which attempt it
 * belongs. Our sensor stamps every event of a call with the call's entry, and an audit log has
 * serial numbers. Such an attempt has a name, and its events may arrive late, twice, or mixed with
 * those of other attempts. For other sources only the thread is known. Its events belong to its
 * current call until the event of the call ends that. If the same step occurs a second time, that
 * event was lost.
 *
 * <h2>States</h2>
 *
 * <pre>
 *  step or call seen        call returned              request found, or waited enough
 *  ───────────────&gt; open ───────────────────&gt; held ───────────────────────────────────&gt; recorded
 *                     │                         ^                                       │
 *                     └──&gt; overdue, and held ───┴── the call returns after all &lt;────────┘
 * </pre>
 *
 * An attempt is <i>open</i> ({@link OpenAttempts}) from its first event until its call returns.
 * {@link PendingRecords} then judges it and links it to the actions of other threads ({@link
 * Requests}, {@link Retries}, {@link Waiters}). It is <i>held</i> back while one of these links is
 * missing: the request that modprobe was started for, or the attempt whose result it received. With
 * its record it is <i>recorded</i>, and only its identity is kept. Steps outside any call are
 * recorded at once.
 *
 * <p>An attempt whose call does not return is <i>overdue</i> ({@link OverdueAttempts}). Its record
 * is made without the return, in the same way. The attempt waits for the return for one more day.
 *
 * <h2>Timers</h2>
 *
 * <ul>
 *   <li>{@code unreturnedLimit}: the time until an attempt is overdue. It begins when code of the
 *       module could run, or when the sensor became blind ({@link Blindness}). A slow call whose
 *       module is not in the kernel yet has no deadline.
 *   <li>{@code holdLimit}: the time for which a record is held back. It is also the time until a
 *       call with a missed entry is overdue, because no further event may arrive.
 *   <li>{@code requestLimit}: the time for which a request waits for a load ({@link Requests}). A
 *       load in progress that may be for it extends that time, to {@code lateLimit} at most.
 *   <li>{@code linkLimit}: the time for which a recorded attempt is kept, for its own late events
 *       and for links from other attempts.
 * </ul>
 *
 * Without room the oldest attempt is removed first, as if its time had expired. Attempts with a
 * record are removed first, then held ones, then open ones.
 *
 * <h2>Late events</h2>
 *
 * <ul>
 *   <li>The return of an overdue attempt makes a second record of the same id. It replaces the
 *       first record if that was made.
 *   <li>A step of an overdue attempt joins it. If the module is loaded only now, a new record
 *       reports that.
 *   <li>An event of an attempt that has its last record, or is forgotten, is only counted.
 *   <li>A request that arrives after its load is linked with the held record.
 * </ul>
 *
 * Each event has exactly one {@link Fate}. Each attempt has a record, or is open or held.
 */
public final class LoadTracker {

  /** The names of the events that the tracker uses. It only counts all others. */
  public static final Set<String> EVENT_NAMES = Meanings.names();

  private static final String NOT_RETURNED = "the call had not returned";
  private static final String CALL_MISSING = "the event of the call is missing";

  private final LoadTrackerOptions options;
  private final Account account = new Account();
  private final Blindness blindness = new Blindness();
  private final KeptBytes kept = new KeptBytes();
  private final Requests requests;
  private final PendingRecords pending;
  private final OpenAttempts open;
  private final OverdueAttempts overdue;

  /** How far the clock of the current events' host is ahead of the tracker's time. */
  private long aheadNanos;

  /** Creates a tracker that has no attempts. */
  public LoadTracker(LoadTrackerOptions options, LoadListener listener) {
    this.options = options;
    this.requests = new Requests(options);
    this.pending = new PendingRecords(options, listener, blindness, requests, kept, account);
    this.open = new OpenAttempts(options, blindness, kept);
    this.overdue = new OverdueAttempts(options, pending, kept, account);
  }

  /**
   * Processes an event.
   *
   * @param findingIds ids of the findings on the event
   */
  public void accept(Event event, List<String> findingIds) {
    Fate fate = Fate.JOINED;
    try {
      fate = take(event, findingIds);
    } finally {
      account.add(fate);
    }
    makeRoom();
  }

  private Fate take(Event event, List<String> findingIds) {
    return switch (LoadEvent.of(event)) {
      case LoadEvent.CallReturned call ->
          call.late() ? lateReturn(call, findingIds) : call(call, findingIds);
      case LoadEvent.CallOverdue call -> call(call, findingIds);
      case LoadEvent.FileRead read when !read.ofTheCall() -> Fate.UNRELATED;
      case LoadEvent.Step step -> step(step, findingIds);
      case LoadEvent.Request request -> request(request, findingIds);
      case LoadEvent.Suppressed sum -> {
        pending.summary(sum, findingIds);
        yield Fate.JOINED;
      }
      case LoadEvent.Sight sight -> {
        if (blindness.accept(sight, pending.nowNanos())) {
          open.watchAll();
        }
        yield Fate.UNRELATED;
      }
      case LoadEvent.Unrelated nothing -> Fate.UNRELATED;
    };
  }

  /**
   * Runs the timers that have expired.
   *
   * @param nowNanos the time, on the scale of {@link SensorContexts#steadyNanos}
   */
  public void tick(long nowNanos) {
    tick(nowNanos, 0);
  }

  /**
   * Runs the timers that have expired, for events of several hosts whose clocks differ.
   *
   * @param nowNanos the time, on a scale that all hosts share
   * @param aheadNanos how far the clock of the next events' host is ahead of that scale
   */
  public void tick(long nowNanos, long aheadNanos) {
    this.aheadNanos = aheadNanos;
    pending.setTime(nowNanos, aheadNanos);
    Attempt late;
    while ((late = open.removeOverdue(nowNanos)) != null) {
      overdue.add(late, NOT_RETURNED);
    }
    pending.releaseDue();
    overdue.forgetOld();
    requests.tick(nowNanos, open.all(), overdue.all());
    pending.recordFruitless();
    pending.forgetOld();
  }

  /** Makes the records of all open and held attempts, at the end of the input. */
  public void finish() {
    for (Attempt attempt : open.removeAll()) {
      overdue.add(attempt, "the input ended before the call returned");
    }
    pending.releaseAll();
    requests.clear("no load was seen for it before the input ended");
    pending.recordFruitless();
  }

  /**
   * Makes only the records of the requests that wait for a load. A successor that continues with
   * the same input does not receive these requests again.
   */
  public void leave() {
    requests.clear("no load was seen for it before Kmodwatch stopped");
    pending.recordFruitless();
  }

  /** Returns the counters. */
  public LoadTrackerStatistics statistics() {
    return account.statistics(open.size(), pending.held(), requests);
  }

  /**
   * Returns whether a call was recorded before it returned, so recently that it may still return.
   * The data for its next record is only in memory.
   */
  public boolean awaitsReturns() {
    return overdue.awaitsReturns();
  }

  private Fate call(LoadEvent.OfAttempt call, List<String> findingIds) {
    Event event = call.event();
    Identity identity = call.identity();
    Attempt attempt = open.remove(identity);
    if (attempt == null) {
      Attempt reported = overdue.get(identity);
      if (reported != null
          && (call.fromSensor() || event.timestampNanos() <= reported.firstNanos)) {
        return overdue.call(reported, call, findingIds);
      }
      if (pending.isDone(identity.ofOneCall(event.timestampNanos()))) {
        return Fate.DUPLICATE;
      }
      if (overdue.removeForgotten(identity)) {
        return Fate.LATE_RETURN;
      }
    } else if (!call.fromSensor() && !attempt.mayBeBy(event.eventName())) {
      overdue.add(attempt, CALL_MISSING);
      attempt = null;
    }
    if (attempt == null) {
      attempt = newAttempt(identity, event);
    }
    attempt.join(Part.CALL, event, findingIds);
    if (call instanceof LoadEvent.CallReturned) {
      pending.complete(attempt);
    } else if (call.fromSensor()) {
      // A long call is only slow until its module's code could run for a while.
      open.add(attempt);
      open.watch(attempt);
      // So that its request does not count as one without a load.
      attempt.startedFor(Requests.aliasOf(attempt));
      requests.link(attempt);
    } else {
      overdue.add(attempt, NOT_RETURNED);
    }
    return Fate.JOINED;
  }

  private Fate lateReturn(LoadEvent.CallReturned call, List<String> findingIds) {
    Identity identity = call.identity();
    Attempt slow = open.get(identity);
    if (slow != null && slow.has(Part.CALL) && call.event().returnValue() != null) {
      open.remove(identity);
      slow.join(Part.CALL, call.asCall(), findingIds);
      pending.complete(slow);
      return Fate.JOINED;
    }
    Attempt reported = overdue.get(identity);
    if (reported != null) {
      return overdue.call(reported, call, findingIds);
    }
    overdue.removeForgotten(identity);
    return Fate.LATE_RETURN;
  }

  private Fate step(LoadEvent.Step step, List<String> findingIds) {
    Part part = Part.of(step);
    Event event = step.event();
    Identity identity = step.identity();
    if (identity instanceof Identity.OutsideCall) {
      return outside(part, identity, event, findingIds);
    }
    boolean isNamed = identity instanceof Identity.InCall;
    Attempt attempt = open.get(identity);
    if (attempt == null && isNamed) {
      Attempt reported = overdue.get(identity);
      if (reported != null) {
        return overdue.step(reported, part, event, findingIds);
      }
      if (pending.isDone(identity) || overdue.isForgotten(identity)) {
        return Fate.LATE;
      }
    }
    Event known = attempt == null ? null : attempt.part(part);
    if (attempt != null && known != null) {
      boolean again = known.timestampNanos() != event.timestampNanos();
      if (isNamed || !again) {
        // From 6.19 on, a file is read a second time, with the decompressed content.
        return again && part == Part.POST_READ_FILE ? Fate.JOINED : Fate.DUPLICATE;
      }
      open.remove(identity);
      overdue.add(attempt, CALL_MISSING);
      attempt = null;
    }
    if (attempt == null) {
      if (open.size() >= options.maxOpen()) {
        evictOldest();
      }
      attempt = newAttempt(identity, event);
      open.add(attempt);
    }
    attempt.join(part, event, findingIds);
    open.watch(attempt);
    return Fate.JOINED;
  }

  private Fate outside(Part part, Identity identity, Event event, List<String> findingIds) {
    if (part != Part.LOAD && part != Part.FREE) {
      return Fate.OUTSIDE_CALL;
    }
    if (pending.isDone(identity)) {
      return Fate.DUPLICATE;
    }
    Attempt attempt = newAttempt(identity, event);
    attempt.join(part, event, findingIds);
    pending.completeAtOnce(attempt);
    return Fate.JOINED;
  }

  private Attempt newAttempt(Identity identity, Event event) {
    account.attempts++;
    var attempt = new Attempt(identity, event, aheadNanos, kept);
    requests.mayBeAnsweredBy(attempt);
    return attempt;
  }

  /** Removes attempts with a record first, then held ones, then open ones. */
  private void makeRoom() {
    while (kept.total() > options.maxBytes()) {
      if (!overdue.isEmpty()) {
        overdue.forgetOldest();
      } else if (pending.held() > 0) {
        pending.releaseOldest();
      } else if (open.size() > 0) {
        evictOldest();
      } else {
        return;
      }
    }
  }

  private void evictOldest() {
    Attempt oldest = open.removeOldest();
    account.evicted++;
    overdue.add(oldest, "too many calls were open at once");
  }

  private Fate request(LoadEvent.Request event, List<String> findingIds) {
    Requests.Request request = requests.accept(event, aheadNanos, findingIds);
    pending.recordFruitless();
    if (request != null && pending.held() > 0) {
      pending.settle();
    }
    return Fate.REQUEST;
  }
}

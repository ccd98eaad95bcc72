package org.kmodwatch.core.load;

import java.util.List;
import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.Account.Fate;
import org.kmodwatch.core.load.Attempt.Part;

/**
 * Joins events into load records: one for each system call that loads or unloads a module, one for
 * each module that comes or goes outside of any call that was seen, and one for each request for a
 * module that is refused or leads to no load.
 *
 * <p>Has no thread and no clock. What depends on time happens in {@link #tick}. Give it the time of
 * the events that it has been given: behind a queue, that of the last event taken; over a
 * recording, either the events' own timestamps or no tick at all. All times are on the scale of
 * {@link SensorContexts#steadyNanos}, so that nobody who sets the clock while a call runs makes
 * anything overdue, holds anything back, or splits an attempt. Not thread-safe.
 *
 * <h2>Meaning and identity</h2>
 *
 * {@link LoadEvent} decides what an event means, {@link Identity} to which attempt it belongs. Our
 * sensor stamps every event of a call with the call's entry, and an audit log has serial numbers:
 * such an attempt has a name, and its events may come late, twice, and mixed with those of others.
 * Of other sources only the thread is known. Its events belong to the call that it is in until the
 * event of the call ends that; the same step a second time means that this event was lost.
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
 * {@link Recorder} then judges it and links it to what other threads did ({@link Requests}, {@link
 * Retries}, {@link Waiters}). It is <i>held</i> back if that is not all known: the request that
 * modprobe was started for, or the attempt whose result it was given. With its record it is
 * <i>recorded</i>, and only its identity is kept. What is outside any call is recorded at once.
 *
 * <p>An attempt whose call does not return is <i>overdue</i> ({@link OverdueAttempts}): its record
 * is made without the return, by the same way. It waits for the return for a day more.
 *
 * <h2>Timers</h2>
 *
 * <ul>
 *   <li>{@code unreturnedLimit}: from the moment at which code of the module could run, or the
 *       sensor became blind ({@link Blindness}), until the attempt is overdue. A slow call whose
 *       module is not in the kernel yet has no deadline.
 *   <li>{@code holdLimit}: how long a record is held back. Also how long a call whose entry was
 *       missed has until it is overdue, since nothing may come any more.
 *   <li>{@code requestLimit}: how long a request waits for a load ({@link Requests}). A load that
 *       is under way and may be for it prolongs that, to {@code lateLimit} at most.
 *   <li>{@code linkLimit}: how long an attempt that is recorded is known, to its own late events
 *       and to others that it may be linked with.
 * </ul>
 *
 * Where there is no room the oldest goes first, as if its time were over: of what has a record,
 * then of what is held, then of what is open.
 *
 * <h2>Late events</h2>
 *
 * <ul>
 *   <li>The return of an overdue attempt: a second record of the same id, which replaces the first
 *       if that was made.
 *   <li>A step of an overdue attempt joins it. If the module is loaded only now, a record says so.
 *   <li>Any event of an attempt that has its last record, or is forgotten: counted, and no more.
 *   <li>A request after its load: the record that is held back finds it.
 * </ul>
 *
 * Each event has exactly one {@link Fate}, and each attempt has a record, or is open or held.
 */
public final class LoadTracker {

  /** The names of the events that it has a use for. It counts all others, and no more. */
  public static final Set<String> EVENT_NAMES = Meanings.names();

  private static final String NOT_RETURNED = "the call had not returned";
  private static final String CALL_MISSING = "the event of the call is missing";

  private final LoadTrackerOptions options;
  private final Account account = new Account();
  private final Blindness blindness = new Blindness();
  private final KeptBytes kept = new KeptBytes();
  private final Requests requests;
  private final Recorder recorder;
  private final OpenAttempts open;
  private final OverdueAttempts overdue;

  /** By how much the clock of the host whose events come now is ahead of the time. */
  private long aheadNanos;

  /** A tracker that has seen nothing. */
  public LoadTracker(LoadTrackerOptions options, LoadListener listener) {
    this.options = options;
    this.requests = new Requests(options);
    this.recorder = new Recorder(options, listener, blindness, requests, kept, account);
    this.open = new OpenAttempts(options, blindness, kept);
    this.overdue = new OverdueAttempts(options, recorder, kept, account);
  }

  /**
   * Takes an event.
   *
   * @param findingIds ids of the findings that were raised on it
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
        recorder.summary(sum, findingIds);
        yield Fate.JOINED;
      }
      case LoadEvent.Sight sight -> {
        if (blindness.accept(sight, recorder.nowNanos())) {
          open.watchAll();
        }
        yield Fate.UNRELATED;
      }
      case LoadEvent.Unrelated nothing -> Fate.UNRELATED;
    };
  }

  /**
   * Does what is due.
   *
   * @param nowNanos the time, on the scale of {@link SensorContexts#steadyNanos}
   */
  public void tick(long nowNanos) {
    tick(nowNanos, 0);
  }

  /**
   * Does what is due; over events of several hosts, whose clocks differ.
   *
   * @param nowNanos the time, on a scale that all hosts share
   * @param aheadNanos by how much the clock of the host whose events come next is ahead of that
   */
  public void tick(long nowNanos, long aheadNanos) {
    this.aheadNanos = aheadNanos;
    recorder.setTime(nowNanos, aheadNanos);
    Attempt late;
    while ((late = open.removeOverdue(nowNanos)) != null) {
      overdue.add(late, NOT_RETURNED);
    }
    recorder.releaseDue();
    overdue.forgetOld();
    requests.tick(nowNanos, open.all(), overdue.all());
    recorder.recordFruitless();
    recorder.forgetOld();
  }

  /** Makes the records of all that is open or held back: the end of the input. */
  public void finish() {
    for (Attempt attempt : open.removeAll()) {
      overdue.add(attempt, "the input ended before the call returned");
    }
    recorder.releaseAll();
    requests.clear("no load was seen for it before the input ended");
    recorder.recordFruitless();
  }

  /**
   * Makes the records of the requests that wait for a load, and of nothing else: whoever goes on
   * with the same input is not given them again.
   */
  public void leave() {
    requests.clear("no load was seen for it before Kmodwatch stopped");
    recorder.recordFruitless();
  }

  /** The account so far. */
  public LoadTrackerStatistics statistics() {
    return account.statistics(open.size(), recorder.held(), requests);
  }

  /**
   * Whether the record of a call was made before it returned, and not so long ago that it is not
   * likely to return any more: what makes the next record of it is in memory alone.
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
      if (recorder.isDone(identity.ofOneCall(event.timestampNanos()))) {
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
      recorder.complete(attempt);
    } else if (call.fromSensor()) {
      // Until its code could run for a while, a call that takes long is nothing but slow.
      open.add(attempt);
      open.watch(attempt);
      // So that its request does not count as without a load.
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
      recorder.complete(slow);
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
      if (recorder.isDone(identity) || overdue.isForgotten(identity)) {
        return Fate.LATE;
      }
    }
    Event known = attempt == null ? null : attempt.part(part);
    if (attempt != null && known != null) {
      boolean again = known.timestampNanos() != event.timestampNanos();
      if (isNamed || !again) {
        // From 6.19 on a file is read a second time, with what was decompressed.
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
    if (recorder.isDone(identity)) {
      return Fate.DUPLICATE;
    }
    Attempt attempt = newAttempt(identity, event);
    attempt.join(part, event, findingIds);
    recorder.completeAtOnce(attempt);
    return Fate.JOINED;
  }

  private Attempt newAttempt(Identity identity, Event event) {
    account.attempts++;
    var attempt = new Attempt(identity, event, aheadNanos, kept);
    requests.mayBeAnsweredBy(attempt);
    return attempt;
  }

  /** First what has its record, then what waits for another's event, then what goes on. */
  private void makeRoom() {
    while (kept.total() > options.maxBytes()) {
      if (!overdue.isEmpty()) {
        overdue.forgetOldest();
      } else if (recorder.held() > 0) {
        recorder.releaseOldest();
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
    recorder.recordFruitless();
    if (request != null && recorder.held() > 0) {
      recorder.settle();
    }
    return Fate.REQUEST;
  }
}

package org.kmodwatch.core.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.Attempt.Part;

/**
 * Joins events into load records: one for each system call that loads or unloads a module, one for
 * each module that comes or goes outside of any call that was seen, and one for each request for a
 * module that is refused or leads to no load.
 *
 * <p>A state machine and nothing else: it has no thread and no clock. What depends on time happens
 * in {@link #tick}. Give it the time of the events that it has been given: behind a queue, that of
 * the last event taken; over a recording, either the events' own timestamps or no tick at all. All
 * of that on the scale of {@link SensorContexts#steadyNanos}, so that who sets the clock while a
 * call runs makes nothing overdue, holds nothing back, and splits no attempt.
 *
 * <p>Not thread-safe.
 */
public final class LoadTracker {

  /** The names of the events that it has a use for. It counts all others, and no more. */
  public static final Set<String> EVENT_NAMES = Meanings.names();

  /** The parts of the sensor without which nobody knows what became of a load. */
  private static final Set<String> PARTS_FOR_OUTCOMES = Set.of("lane loads", "rings");

  /**
   * How long after its record the return of a call is waited for: a day. Memory is bounded by
   * itself; whoever sleeps for longer in an init has the last word with its first record.
   */
  private static final long LATEST_RETURN_NANOS = 86_400_000_000_000L;

  private final LoadTrackerOptions options;
  private final LoadListener listener;
  private final RecordBuilder builder;
  private final Requests requests;
  private final Waiters waiters;
  private final Retries retries;
  private final RecordIds ids;

  private final Map<Identity, Attempt> open = new LinkedHashMap<>();
  private final Deadlines deadlines = new Deadlines();
  private final List<Attempt> held = new ArrayList<>();

  /** Reported before they returned, in the order in which they were. */
  private final SequencedMap<Identity, Attempt> unreturned = new LinkedHashMap<>();

  /**
   * Those of them whose return is not waited for any more: what comes of them is no new attempt.
   */
  private final Set<Identity> forgottenKeys = new LinkedHashSet<>();

  /** When the record of each of these was made. */
  private final Map<Identity, Long> done = new LinkedHashMap<>();

  private final Map<LoadRecord.Outcome, Long> records = new EnumMap<>(LoadRecord.Outcome.class);
  private long events;
  private long joined;
  private long requestEvents;
  private long lateReturns;
  private long lateEvents;
  private long duplicates;
  private long outsideCalls;
  private long unrelated;
  private long attempts;
  private long corrected;
  private long evicted;
  private long forgotten;
  private long keptBytes;
  private long summaries;
  private long summarised;
  private long requestRecords;
  private long requestsSummarised;
  private long nowNanos;

  /** By how much the clock of the host whose events come now is ahead of that. */
  private long aheadNanos;

  /** The least that it ever was, and 0. */
  private long leastAheadNanos;

  /** Which of these parts are blind, and when attempts must have begun that may be affected. */
  private final Set<String> blindParts = new HashSet<>();

  private long blindFromNanos = Long.MAX_VALUE;
  private long blindUntilNanos = Long.MIN_VALUE;

  /** A tracker that has seen nothing. */
  public LoadTracker(LoadTrackerOptions options, LoadListener listener) {
    this.options = options;
    this.listener = listener;
    this.builder = new RecordBuilder(options.host(), options.modprobePath());
    this.requests =
        new Requests(
            options.requestLimit().toNanos(),
            options.lateLimit().toNanos(),
            options.maxRequests(),
            options.maxBytes() / 4);
    this.waiters = new Waiters(options.maxRecent());
    this.retries = new Retries(options.maxRecent());
    this.ids = new RecordIds();
  }

  /**
   * Takes an event.
   *
   * @param findingIds ids of the findings that were raised on it
   */
  public void accept(Event event, List<String> findingIds) {
    events++;
    switch (LoadEvent.of(event)) {
      case LoadEvent.CallReturned call -> {
        if (call.late()) {
          lateReturn(call, findingIds);
        } else {
          call(call, findingIds);
        }
      }
      case LoadEvent.CallOverdue call -> call(call, findingIds);
      case LoadEvent.Request request -> request(request, findingIds);
      case LoadEvent.Suppressed sum -> suppressed(sum, findingIds);
      case LoadEvent.FileRead read when !read.ofTheCall() -> unrelated++;
      case LoadEvent.Step step -> part(step, findingIds);
      case LoadEvent.Sight sight -> sight(sight);
      case LoadEvent.Unrelated nothing -> unrelated++;
    }
    makeRoom();
  }

  private void sight(LoadEvent.Sight sight) {
    unrelated++;
    if (!sight.lost()) {
      if (blindParts.remove(sight.part()) && blindParts.isEmpty()) {
        blindUntilNanos = timeOf(sight.event());
      }
    } else if (PARTS_FOR_OUTCOMES.contains(sight.part())) {
      blindParts.add(sight.part());
      blindFromNanos = timeOf(sight.event());
      blindUntilNanos = Long.MAX_VALUE;
      open.values().forEach(this::watch);
    }
  }

  /** The time of an event that is about no attempt: where there are ticks, that of the last. */
  private long timeOf(Event event) {
    return nowNanos == 0 ? SensorContexts.steadyNanos(event) : nowNanos;
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
    this.nowNanos = nowNanos;
    this.aheadNanos = aheadNanos;
    leastAheadNanos = Math.min(leastAheadNanos, aheadNanos);
    reportOverdue();
    long holdLimit = options.holdLimit().toNanos();
    List<Attempt> due = new ArrayList<>();
    held.removeIf(attempt -> nowNanos - attempt.heldSinceNanos >= holdLimit && due.add(attempt));
    due.forEach(this::leave);
    due.forEach(this::release);
    forgetOldUnreturned();
    requests.tick(nowNanos, requests.hasDue(nowNanos) ? loadingSince() : Long.MIN_VALUE);
    tellFruitless();
    long linkLimit = options.linkLimit().toNanos();
    for (Iterator<Long> times = done.values().iterator();
        times.hasNext() && nowNanos - times.next() > linkLimit; ) {
      times.remove();
    }
    waiters.forgetBefore(nowNanos - linkLimit + leastAheadNanos);
    retries.forgetBefore(nowNanos - linkLimit + leastAheadNanos);
  }

  /**
   * When the latest of the loads began that are under way and may be by a process that the kernel
   * started for a request: until they return, most do not say so.
   */
  private long loadingSince() {
    long latest = Long.MIN_VALUE;
    for (var attempts : List.of(open.values(), unreturned.values())) {
      for (Attempt attempt : attempts) {
        if (attempt.fromSensor()
            && !attempt.isOutsideCall()
            && !attempt.unloads()
            && attempt.request == null
            && attempt.ofProcess().process().userId() == 0) {
          latest = Math.max(latest, attempt.shared(attempt.beginNanos()));
        }
      }
    }
    return latest;
  }

  /** Makes the records of the requests that came to nothing. */
  private void tellFruitless() {
    for (Requests.Fruitless each : requests.takeFruitless()) {
      Requests.Request request = each.request();
      boolean seen = each.reason() == null || request.nanos >= blindUntilNanos;
      requestRecords++;
      listener.onLoad(
          builder.fruitless(request, ids.claim(request), each.reason(), seen ? null : BLIND),
          request.best());
    }
  }

  private void reportOverdue() {
    Attempt attempt;
    while ((attempt = deadlines.pollBefore(nowNanos, open)) != null) {
      if (deadlineOf(attempt) <= nowNanos) {
        close(attempt.identity);
        reportUnreturned(attempt, NOT_RETURNED);
      } else {
        watch(attempt);
      }
    }
  }

  /** Sees to it that an attempt that is in the kernel and does not return is reported in time. */
  private void watch(Attempt attempt) {
    if (attempt.fromSensor() && attempt.beginNanos() < blindUntilNanos) {
      attempt.doubtful = true;
    }
    if (attempt.inKernel() || attempt.doubtful) {
      deadlines.put(attempt, deadlineOf(attempt), open);
    }
  }

  private long deadlineOf(Attempt attempt) {
    Duration limit = attempt.entryMissed() ? options.holdLimit() : options.unreturnedLimit();
    // Before that it may be slow without any code of the module having run.
    long begin = attempt.entryMissed() ? attempt.beginNanos() : attempt.inKernelSinceNanos();
    if (attempt.doubtful && !attempt.inKernel() && begin < blindFromNanos) {
      // It may be slow; only that nobody knows has begun.
      begin = blindFromNanos;
    }
    long deadline = begin + limit.toNanos();
    boolean wrapped = deadline < begin;
    return wrapped ? Long.MAX_VALUE : attempt.shared(deadline);
  }

  /** Makes the records of all that is open or held back: the end of the input. */
  public void finish() {
    List<Attempt> left = List.copyOf(open.values());
    open.clear();
    left.forEach(this::leave);
    for (Attempt attempt : left) {
      reportUnreturned(attempt, "the input ended before the call returned");
    }
    List<Attempt> waiting = List.copyOf(held);
    held.clear();
    waiting.forEach(this::leave);
    waiting.forEach(this::release);
    requests.clear("no load was seen for it before the input ended");
    tellFruitless();
  }

  /**
   * Makes the records of the requests that wait for a load, and of nothing else: whoever goes on
   * with the same input is not given them again.
   */
  public void leave() {
    requests.clear("no load was seen for it before Kmodwatch stopped");
    tellFruitless();
  }

  /** The account so far. */
  public LoadTrackerStatistics statistics() {
    return new LoadTrackerStatistics(
        events,
        joined,
        requestEvents - requests.duplicates,
        lateReturns,
        lateEvents,
        duplicates + requests.duplicates,
        outsideCalls,
        unrelated,
        attempts,
        records,
        corrected,
        evicted,
        forgotten,
        summaries,
        summarised,
        open.size(),
        held.size(),
        requests.count,
        requests.refused,
        requests.withAttempt,
        requests.withoutLoad,
        requests.pending(),
        requestRecords,
        requestsSummarised);
  }

  private static final String NOT_RETURNED = "the call had not returned";
  private static final String NOTHING_FIRED = "the hooks on system calls did not fire";
  private static final String BLIND =
      "the sensor was blind for what the kernel accepts: what became of it was not seen";
  private static final String CROWDED_OUT =
      "no work space was free in the kernel: too many calls were under way at once";

  private void request(LoadEvent.Request event, List<String> findingIds) {
    requestEvents++;
    Requests.Request request = requests.accept(event, aheadNanos, findingIds);
    tellFruitless();
    if (request == null || held.isEmpty()) {
      return;
    }
    settleHeld();
  }

  /** Attempts that were held back are one record, which stands for all of them. */
  private void suppressed(LoadEvent.Suppressed sum, List<String> findingIds) {
    joined++;
    boolean ofRequests = sum.ofRequests();
    if (!ofRequests && Reasons.Call.named(sum.event().syscall()) == null) {
      return;
    }
    LoadRecord record = builder.summary(sum, findingIds);
    summaries++;
    if (ofRequests) {
      requestsSummarised += record.repeats();
    } else {
      summarised += record.repeats();
    }
    listener.onLoad(record, sum.event());
  }

  private void part(LoadEvent.Step step, List<String> findingIds) {
    Part part = Part.of(step);
    Event event = step.event();
    Identity identity = step.identity();
    if (identity instanceof Identity.OutsideCall outside) {
      outside(part, outside, event, findingIds);
      return;
    }
    boolean isNamed = identity instanceof Identity.InCall;
    Attempt attempt = open.get(identity);
    if (attempt == null && isNamed && isLate(identity, part, event, findingIds)) {
      return;
    }
    Event known = attempt == null ? null : attempt.part(part);
    if (attempt != null && known != null) {
      if (isNamed || known.timestampNanos() == event.timestampNanos()) {
        if (part == Part.POST_READ_FILE && known.timestampNanos() != event.timestampNanos()) {
          // From 6.19 on a second time, with what was decompressed.
          joined++;
        } else {
          duplicates++;
        }
        return;
      }
      // The same again without a call between: the end of the one before has not come.
      close(identity);
      reportUnreturned(attempt, "the event of the call is missing");
      attempt = null;
    }
    if (attempt == null) {
      attempt = begin(identity, event);
    }
    joined++;
    put(attempt, part, event);
    attempt.find(findingIds);
    watch(attempt);
  }

  /** Whether {@code event} belongs to an attempt that has its record. */
  private boolean isLate(Identity identity, Part part, Event event, List<String> findingIds) {
    Attempt reported = unreturned.get(identity);
    if (reported == null) {
      if (done.containsKey(identity) || forgottenKeys.contains(identity)) {
        lateEvents++;
        return true;
      }
      return false;
    }
    if (reported.has(part)) {
      duplicates++;
      return true;
    }
    joined++;
    put(reported, part, event);
    reported.find(findingIds);
    if (part == Part.LOAD
        && reported.outcome != LoadRecord.Outcome.LOADED
        && !held.contains(reported)) {
      reported.replaces = "the module came to be in place only after that";
      corrected++;
      emit(reported);
      waiters.remember(reported);
    }
    return true;
  }

  /** Takes an event of our sensor that happened in no call. */
  private void outside(
      Part part, Identity.OutsideCall identity, Event event, List<String> findingIds) {
    if (part != Part.LOAD && part != Part.FREE) {
      outsideCalls++;
      return;
    }
    if (done.containsKey(identity)) {
      duplicates++;
      return;
    }
    joined++;
    Attempt attempt = newAttempt(identity, event);
    attempt.put(part, event);
    attempt.find(findingIds);
    judge(attempt);
    ids.claim(attempt);
    emit(attempt);
  }

  private Attempt begin(Identity identity, Event event) {
    if (open.size() >= options.maxOpen()) {
      evictOldest();
    }
    Attempt attempt = newAttempt(identity, event);
    open(attempt);
    return attempt;
  }

  private Attempt newAttempt(Identity identity, Event event) {
    attempts++;
    var attempt = new Attempt(identity, event, aheadNanos);
    if (!attempt.fromSensor() && !EventNames.DELETE_MODULE.equals(event.eventName())) {
      requests.mayBeAnsweredBy(attempt);
    }
    return attempt;
  }

  private void open(Attempt attempt) {
    open.put(attempt.identity, attempt);
    enter(attempt);
  }

  private @Nullable Attempt close(Identity identity) {
    Attempt attempt = open.remove(identity);
    if (attempt != null) {
      leave(attempt);
    }
    return attempt;
  }

  /** Counts what an attempt keeps in memory, once, in however many lists it is. */
  private void enter(Attempt attempt) {
    if (attempt.lists++ == 0) {
      keptBytes += attempt.bytes();
    }
  }

  private void leave(Attempt attempt) {
    if (--attempt.lists == 0) {
      keptBytes -= attempt.bytes();
    }
  }

  private void put(Attempt attempt, Part part, Event event) {
    long before = attempt.bytes();
    attempt.put(part, event);
    if (attempt.lists > 0) {
      keptBytes += attempt.bytes() - before;
    }
  }

  /** First what has its record, then what waits for another's event, then what goes on. */
  private void makeRoom() {
    while (keptBytes > options.maxBytes()) {
      if (!unreturned.isEmpty()) {
        forgetOldestUnreturned();
      } else if (!held.isEmpty()) {
        releaseOldest();
      } else if (!open.isEmpty()) {
        evictOldest();
      } else {
        return;
      }
    }
  }

  private void evictOldest() {
    Attempt oldest = open.values().iterator().next();
    close(oldest.identity);
    evicted++;
    reportUnreturned(oldest, "too many calls were open at once");
  }

  private void releaseOldest() {
    Attempt oldest = held.removeFirst();
    leave(oldest);
    evicted++;
    release(oldest);
  }

  private void forgetOldUnreturned() {
    while (!unreturned.isEmpty()
        && nowNanos - unreturned.values().iterator().next().reportedNanos > LATEST_RETURN_NANOS) {
      forgetOldestUnreturned();
    }
  }

  /**
   * Whether the record of a call was made before it returned, and not so long ago that it is not
   * likely to return any more: what makes the next record of it is in memory alone.
   */
  public boolean awaitsReturns() {
    long lateLimit = options.lateLimit().toNanos();
    for (Attempt attempt : unreturned.sequencedValues().reversed()) {
      if (nowNanos - attempt.reportedNanos > lateLimit) {
        return false;
      }
      if (!attempt.entryMissed()) {
        return true;
      }
    }
    return false;
  }

  private void forgetOldestUnreturned() {
    Attempt oldest = unreturned.values().iterator().next();
    unreturned.remove(oldest.identity);
    leave(oldest);
    forgotten++;
    if (oldest.isNamed()) {
      forgottenKeys.add(oldest.identity);
      if (forgottenKeys.size() > options.maxOpen()) {
        forgottenKeys.remove(forgottenKeys.iterator().next());
      }
    }
  }

  private void call(LoadEvent.OfAttempt call, List<String> findingIds) {
    Event event = call.event();
    Identity identity = call.identity();
    boolean fromSensor = call.fromSensor();
    Attempt attempt = close(identity);
    if (attempt == null) {
      Attempt reported = unreturned.get(identity);
      if (reported != null && (fromSensor || event.timestampNanos() <= reported.firstNanos)) {
        if (event.returnValue() != null) {
          returned(reported, event, findingIds);
        } else if (reported.has(Part.CALL)) {
          duplicates++;
        } else {
          joined++;
          put(reported, Part.CALL, event);
          reported.find(findingIds);
        }
        return;
      }
      if (done.containsKey(callOf(identity, event.timestampNanos()))) {
        duplicates++;
        return;
      }
      if (forgottenKeys.remove(identity)) {
        lateReturns++;
        return;
      }
    } else if (!fromSensor && !fits(attempt, event)) {
      reportUnreturned(attempt, "the event of the call is missing");
      attempt = null;
    }
    if (attempt == null) {
      attempt = newAttempt(identity, event);
    }
    joined++;
    attempt.put(Part.CALL, event);
    attempt.find(findingIds);
    if (event.returnValue() != null) {
      complete(attempt);
    } else if (fromSensor) {
      // Until its code could run for a while, a call that takes long is nothing but slow.
      open(attempt);
      watch(attempt);
      findRequest(attempt);
    } else {
      reportUnreturned(attempt, NOT_RETURNED);
    }
  }

  /** So that what asked for a load that is under way does not count as without one. */
  private void findRequest(Attempt attempt) {
    attempt.alias = builder.aliasOf(attempt);
    if (attempt.request == null) {
      attempt.request = requests.find(attempt);
    }
  }

  private static boolean fits(Attempt attempt, Event call) {
    Reasons.Call known = attempt.call();
    return known == null || known.syscall.equals(call.eventName());
  }

  /** Names one call of a thread that makes more of them. */
  private static Identity callOf(Identity identity, long beginNanos) {
    return identity instanceof Identity.OfThread thread ? thread.entered(beginNanos) : identity;
  }

  private void lateReturn(LoadEvent.CallReturned call, List<String> findingIds) {
    Event event = call.event();
    Identity identity = call.identity();
    Attempt slow = open.get(identity);
    if (slow != null && slow.has(Part.CALL) && event.returnValue() != null) {
      close(identity);
      joined++;
      slow.put(Part.CALL, call.asCall());
      slow.find(findingIds);
      complete(slow);
      return;
    }
    Attempt reported = unreturned.get(identity);
    if (reported == null) {
      forgottenKeys.remove(identity);
      lateReturns++;
    } else {
      returned(reported, call.asCall(), findingIds);
    }
  }

  /** Makes the record that is true of an attempt which had one before its call returned. */
  private void returned(Attempt reported, Event event, List<String> findingIds) {
    lateReturns++;
    unreturned.remove(reported.identity);
    leave(reported);
    waiters.forget(reported);
    if (held.remove(reported)) {
      leave(reported);
    } else {
      reported.replaces = "the call had not returned by then";
      corrected++;
    }
    reported.reported = false;
    put(reported, Part.CALL, event);
    reported.find(findingIds);
    complete(reported);
  }

  /** Makes the record of an attempt whose call is not known to have returned. */
  private void reportUnreturned(Attempt attempt, String why) {
    attempt.reported = true;
    if (attempt.doubtful) {
      attempt.gapForNow("outcome", BLIND);
    }
    if (attempt.source() == null) {
      attempt.gapForNow(
          "returnValue",
          !attempt.entryMissed() ? why : attempt.crowdedOut() ? CROWDED_OUT : NOTHING_FIRED);
    }
    attempt.reportedNanos = Math.max(nowNanos, attempt.shared(attempt.beginNanos()));
    Attempt before = unreturned.put(attempt.identity, attempt);
    if (before != null) {
      leave(before);
    }
    enter(attempt);
    if (unreturned.size() > options.maxOpen()) {
      forgetOldestUnreturned();
    }
    complete(attempt);
  }

  private void complete(Attempt attempt) {
    ids.claim(attempt);
    retries.link(attempt);
    judge(attempt);
    attempt.alias = builder.aliasOf(attempt);
    attempt.mayHaveWaited = Waiters.mayHaveWaited(attempt);
    waiters.remember(attempt);
    if (isSettled(attempt)) {
      emit(attempt);
      return;
    }
    attempt.heldSinceNanos = Math.max(nowNanos, attempt.shared(attempt.endOrBeginNanos()));
    held.add(attempt);
    enter(attempt);
    if (held.size() > options.maxOpen()) {
      releaseOldest();
    }
  }

  private void settleHeld() {
    List<Attempt> settled = new ArrayList<>();
    held.removeIf(attempt -> isSettled(attempt) && settled.add(attempt));
    settled.forEach(this::leave);
    settled.forEach(this::emit);
  }

  /** Looks for what of other threads belongs to it; whether nothing more is to be waited for. */
  private boolean isSettled(Attempt attempt) {
    if (attempt.request == null) {
      attempt.request = requests.find(attempt);
    }
    return (attempt.request != null || attempt.alias == null) && !attempt.mayHaveWaited;
  }

  /** Makes the record of an attempt that has waited long enough. */
  private void release(Attempt attempt) {
    if (attempt.alias != null && attempt.request == null) {
      String why =
          attempt.requestWithoutName
              ? "of what was asked for, one name could not be read: it may have been "
                  + attempt.alias
              : requests.wasFruitless(attempt.alias, attempt)
                  ? "who asked for %s is not known any more: the request was reported before"
                      .formatted(attempt.alias)
                  : "no process was seen to ask for " + attempt.alias;
      if (attempt.reported) {
        attempt.gapForNow("requester", why);
      } else {
        attempt.gap("requester", why);
      }
    }
    if (attempt.mayHaveWaited) {
      waiters.findMain(attempt);
      if (attempt.waitedOn == null && attempt.outcome == LoadRecord.Outcome.LOADED) {
        attempt.gap("waitedOn", "no attempt for the same file was seen to load it");
      }
    }
    emit(attempt);
  }

  private static void judge(Attempt attempt) {
    Long returned = attempt.returnValue();
    Reasons.Call call = attempt.call();
    attempt.reason = null;
    if (returned != null && returned < 0 && call != null) {
      Reasons.Verdict verdict = Reasons.of(attempt.facts(call, returned));
      attempt.outcome = verdict.outcome();
      attempt.reason = verdict.reason();
    } else if (attempt.doubtful && returned == null) {
      attempt.outcome = LoadRecord.Outcome.UNKNOWN;
    } else if (attempt.unloads()) {
      boolean gone = returned != null || attempt.has(Part.FREE);
      attempt.outcome = gone ? LoadRecord.Outcome.UNLOADED : LoadRecord.Outcome.FAILED;
      attempt.reason = gone ? null : "the module was not seen to go";
    } else if (returned == null && attempt.source() != null) {
      attempt.outcome = LoadRecord.Outcome.FAILED;
      attempt.reason =
          "what the call returned is not known, nor whether the module was put in place";
    } else if (returned != null || (attempt.inKernel() && !attempt.has(Part.FREE))) {
      attempt.outcome = LoadRecord.Outcome.LOADED;
    } else {
      attempt.outcome = LoadRecord.Outcome.FAILED;
      attempt.reason =
          attempt.has(Part.FREE)
              ? "the module was in place and has gone again"
              : "the module was not seen to be put in place";
    }
  }

  private void emit(Attempt attempt) {
    if (attempt.reported && attempt.has(Part.LOAD)) {
      judge(attempt);
    }
    LoadRecord record = builder.build(attempt);
    records.merge(record.outcome(), 1L, Long::sum);
    if (!attempt.reported) {
      remember(attempt);
    }
    listener.onLoad(record, attempt.basis());
  }

  private void remember(Attempt attempt) {
    Identity identity = callOf(attempt.identity, attempt.beginNanos());
    done.put(identity, Math.max(nowNanos, attempt.shared(attempt.beginNanos())));
    if (done.size() > options.maxRecent()) {
      done.remove(done.keySet().iterator().next());
    }
  }
}

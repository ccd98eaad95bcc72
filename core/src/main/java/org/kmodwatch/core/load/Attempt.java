package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventWeight;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.SourceContext;
import org.kmodwatch.core.event.Value;

/**
 * Collects the events of one attempt as they arrive, and keeps the state of its record. Mutable; it
 * belongs to one tracker.
 */
final class Attempt extends KeptBytes.Kept {

  /** Lists the roles that an event has in an attempt, in the order of the kernel's steps. */
  enum Part {
    READ_FILE,
    POST_READ_FILE,
    LOAD_DATA,
    POST_LOAD_DATA,
    COMING,
    IMAGE,
    LOAD,
    INIT,
    FREE,
    CALL;

    static Part of(LoadEvent.Step step) {
      return switch (step) {
        case LoadEvent.FileRead read -> read.done() ? POST_READ_FILE : READ_FILE;
        case LoadEvent.MemoryHandedOver memory -> memory.done() ? POST_LOAD_DATA : LOAD_DATA;
        case LoadEvent.Coming coming -> COMING;
        case LoadEvent.Image image -> IMAGE;
        case LoadEvent.Live live -> LOAD;
        case LoadEvent.Init init -> INIT;
        case LoadEvent.Freed freed -> FREE;
      };
    }
  }

  private static final String NOTHING_FIRED = "the hooks on system calls did not fire";
  private static final String CROWDED_OUT =
      "no work space was free in the kernel: too many calls were under way at once";

  /** Describes how far the attempt's record is. */
  private sealed interface State {

    /**
     * The call has not returned, as far as known, and the attempt has no record.
     *
     * @param deadlineNanos when the attempt is reported at the latest; {@link Long#MAX_VALUE} if
     *     the call may take long
     */
    record Open(long deadlineNanos) implements State {}

    /** The attempt's own events have arrived. Its record waits for events of other threads. */
    record Held(long sinceNanos) implements State {}

    /** The attempt has a record. */
    record Recorded() implements State {}
  }

  /**
   * The attempt is reported, or about to be, although its call is not known to have returned.
   *
   * @param gaps the gaps of its record that have this cause; the replacing record does not have
   *     them
   */
  private record Overdue(long sinceNanos, List<LoadRecord.Gap> gaps) {}

  final Identity identity;
  final int hostProcessId;

  /** When the attempt's first event happened, on the scale that clock changes do not affect. */
  final long firstNanos;

  /** The shift between the written times and that scale. Subtract it from a written time. */
  final long clockShiftNanos;

  /** How far the host's clock was ahead of the tracker's time when the attempt began. */
  private final long aheadNanos;

  // Other classes read the fields below; only the methods below change them.
  private State state = new State.Open(Long.MAX_VALUE);
  private @Nullable Overdue overdue;
  private Reasons.@Nullable Verdict verdict;
  private boolean sharesId;
  final List<String> findings = new ArrayList<>();
  private final List<LoadRecord.Gap> gaps = new ArrayList<>();
  private @Nullable String replaces;

  /** Whether events of accepted steps of this attempt may have been lost. */
  boolean doubtful;

  /** The id of the first try, if this attempt is the second; null otherwise. */
  @Nullable String retryOf;

  /** The id of the attempt whose result this one received; null otherwise. */
  @Nullable String waitedOn;

  /** The request that the loader was started for; null if not known. */
  Requests.@Nullable Request request;

  /** The alias of that request; null if the loader was started in another way. */
  @Nullable String alias;

  /** Whether the kernel asked for a module of unreadable name, which may be this one. */
  boolean forUnnamedRequest;

  /** Whether its own events, now complete, allow that it received another attempt's result. */
  boolean mayHaveWaited;

  private final KeptBytes kept;
  private final Map<Part, Event> parts = new EnumMap<>(Part.class);
  private final boolean fromSensor;
  private final @Nullable SourceContext source;
  private @Nullable SensorContext context;
  private final Event first;

  Attempt(Identity identity, Event first, long aheadNanos, KeptBytes kept) {
    this.identity = identity;
    this.hostProcessId = first.process().hostProcessId();
    this.clockShiftNanos = SensorContexts.clockShiftNanos(first);
    this.firstNanos = first.timestampNanos() - clockShiftNanos;
    this.first = first;
    this.aheadNanos = aheadNanos;
    this.kept = kept;
    this.fromSensor = SensorContexts.of(first).isPresent();
    this.source = SourceContext.of(first).orElse(null);
  }

  /** Returns the facts from a source that has only the call's result; null for another source. */
  @Nullable SourceContext source() {
    return source;
  }

  /** Returns whether the events identify the attempt itself, and not only its thread. */
  boolean isNamed() {
    return !(identity instanceof Identity.OfThread);
  }

  /** Returns whether the attempt is a module_load or module_free outside any call. */
  boolean isOutsideCall() {
    return identity instanceof Identity.OutsideCall;
  }

  /** Returns whether the producer is our sensor. */
  boolean fromSensor() {
    return fromSensor;
  }

  @Nullable Event part(Part part) {
    return parts.get(part);
  }

  boolean has(Part part) {
    return parts.containsKey(part);
  }

  /**
   * Returns whether the module reached the kernel, so that its code can run or is being removed.
   */
  boolean inKernel() {
    return has(Part.COMING) || has(Part.LOAD) || has(Part.FREE);
  }

  /**
   * Returns since when the module has been {@link #inKernel in the kernel}, on the scale that clock
   * changes do not affect. Returns the entry of the call if it is not.
   */
  long inKernelSinceNanos() {
    long since = Long.MAX_VALUE;
    for (Part part : List.of(Part.COMING, Part.LOAD, Part.FREE)) {
      Event event = part(part);
      if (event != null) {
        since = Math.min(since, SensorContexts.steadyNanos(event));
      }
    }
    return since == Long.MAX_VALUE ? beginNanos() : Math.max(since, beginNanos());
  }

  /**
   * Returns whether the module was seen and the call was not. The sensor's facts on the call then
   * come from the thread's registers.
   */
  boolean entryMissed() {
    if (has(Part.CALL) && returnValue() != null) {
      return false;
    }
    Event event = has(Part.LOAD) ? part(Part.LOAD) : part(Part.FREE);
    return event != null && SensorContexts.of(event).map(SensorContext::entryMissed).orElse(false);
  }

  /**
   * Returns whether the call was missed because no work space was free in the kernel at its entry.
   */
  boolean crowdedOut() {
    SensorContext known = context();
    return known != null && known.crowdedOut();
  }

  /** Adds an event, and the ids of its findings. */
  void join(Part part, Event event, List<String> findingIds) {
    Event before = parts.put(part, event);
    context = null;
    kept.grow(this, EventWeight.of(event) - (before == null ? 0 : EventWeight.of(before)));
    for (String id : findingIds) {
      if (!findings.contains(id)) {
        findings.add(id);
      }
    }
  }

  /** Returns the event that the record is based on. */
  Event basis() {
    Event call = part(Part.CALL);
    Event load = part(Part.LOAD);
    if (call != null && (call.returnValue() != null || load == null)) {
      return call;
    }
    return load != null ? load : first;
  }

  /** Returns the event with the most facts on the process. */
  Event ofProcess() {
    Event call = part(Part.CALL);
    return call != null ? call : first;
  }

  /**
   * Returns the sensor's facts from the last of the events; null if they are not from our sensor.
   */
  @Nullable SensorContext context() {
    if (context == null && fromSensor) {
      // A later step has more facts, and the call has all.
      Event call = part(Part.CALL);
      for (Event event : call != null ? List.of(call) : parts.values()) {
        context = SensorContexts.of(event).orElse(context);
      }
    }
    return context;
  }

  /** Returns the system call; null if it was not seen. */
  Reasons.@Nullable Call call() {
    Event call = part(Part.CALL);
    if (call != null) {
      return Reasons.Call.named(call.eventName());
    }
    if (isOutsideCall()) {
      return null;
    }
    for (Event event : parts.values()) {
      Reasons.Call named = Reasons.Call.named(event.syscall());
      if (named != null) {
        return named;
      }
    }
    if (has(Part.READ_FILE) || has(Part.POST_READ_FILE)) {
      return Reasons.Call.FINIT;
    }
    return has(Part.LOAD_DATA) || has(Part.POST_LOAD_DATA) ? Reasons.Call.INIT : null;
  }

  /** Returns whether the attempt may be a call of that name. */
  boolean mayBeBy(String syscall) {
    Reasons.Call known = call();
    return known == null || known.syscall.equals(syscall);
  }

  /**
   * Returns whether the attempt may be a load by a process that the kernel started for a request.
   * Most such attempts do not show this until they return.
   */
  boolean mayBeForARequest() {
    return fromSensor
        && !isOutsideCall()
        && !unloads()
        && request == null
        && ofProcess().process().userId() == 0;
  }

  boolean unloads() {
    Reasons.Call call = call();
    return call == Reasons.Call.DELETE || (call == null && has(Part.FREE) && !has(Part.LOAD));
  }

  @Nullable Long returnValue() {
    Event call = part(Part.CALL);
    return call == null ? null : call.returnValue();
  }

  /** Returns when the call was entered, as written: nanoseconds since the epoch. */
  long timeNanos() {
    return beginNanos() + clockShiftNanos;
  }

  /**
   * Returns when the call was entered, on the scale that clock changes do not affect. All
   * comparisons and timers use that scale.
   */
  long beginNanos() {
    Event call = part(Part.CALL);
    return identity.beginNanos(call != null ? SensorContexts.steadyNanos(call) : firstNanos);
  }

  /**
   * Returns the earliest time at which the call may have begun. If its entry was missed, that is
   * the start of the thread.
   */
  long earliestBeginNanos() {
    SensorContext known = context();
    long threadStart = ofProcess().process().threadStartTimeNanos();
    return known != null && known.entryMissed() && threadStart != 0
        ? Math.min(beginNanos(), threadStart - clockShiftNanos)
        : beginNanos();
  }

  /** Returns the id of the record (docs/reference/load-record.md). */
  String id() {
    String id = identity.id(timeNanos());
    return sharesId ? RecordIds.ofSecond(id, identity.host()) : id;
  }

  /**
   * Returns when the call returned; {@link Long#MAX_VALUE} if it has not, or the time is not known.
   */
  long endNanos() {
    SensorContext known = context();
    return known == null || known.returnTimeNanos() == 0
        ? Long.MAX_VALUE
        : known.returnTimeNanos() - known.clockShiftNanos();
  }

  /** Returns when the call returned, if known; otherwise when it began. */
  long endOrBeginNanos() {
    long end = endNanos();
    return end == Long.MAX_VALUE ? beginNanos() : end;
  }

  SensorContext.@Nullable FileIdentity file() {
    SensorContext known = context();
    if (known != null && known.file() != null) {
      return known.file();
    }
    if (source != null) {
      return source.filePath() == null
          ? null
          : new SensorContext.FileIdentity(source.filePath(), 0, 0, 0);
    }
    Event read = part(Part.READ_FILE);
    Event event = read != null ? read : part(Part.LOAD);
    if (event == null) {
      return null;
    }
    String path = event.stringArgument("pathname").orElse("");
    return path.isEmpty()
        ? null
        : new SensorContext.FileIdentity(
            path, number(event, "dev", 0), number(event, "inode", 0), number(event, "ctime", 0));
  }

  @Nullable String moduleName() {
    for (Part part : List.of(Part.LOAD, Part.COMING, Part.FREE, Part.INIT)) {
      String name = text(part, "name");
      if (name != null && !name.isEmpty()) {
        return name;
      }
    }
    SensorContext known = context();
    if (known != null && known.moduleName() != null) {
      return known.moduleName();
    }
    if (source != null && source.moduleName() != null) {
      return source.moduleName();
    }
    return call() == Reasons.Call.DELETE ? text(Part.CALL, "name") : null;
  }

  @Nullable String text(Part part, String argument) {
    Event event = part(part);
    return event == null ? null : event.stringArgument(argument).orElse(null);
  }

  @Nullable Long number(Part part, String argument) {
    Event event = part(part);
    return event != null
            && event.argument(argument).orElse(null) instanceof Value.Num number
            && number.bits().isPresent()
        ? number.bits().getAsLong()
        : null;
  }

  /** Returns the taints as a bit set. They are from module_load if module_coming was not seen. */
  @Nullable Long taints() {
    Long coming = number(Part.COMING, "taints");
    Event load = part(Part.LOAD);
    return coming != null || load == null
        ? coming
        : SensorContexts.of(load).map(SensorContext::taints).orElse(null);
  }

  /** Returns the 64 bits of a numeric argument; {@code absent} if the event lacks it. */
  static long number(Event event, String argument, long absent) {
    return event.argument(argument).orElse(null) instanceof Value.Num number
        ? number.bits().orElse(absent)
        : absent;
  }

  @Nullable Long sizeBytes() {
    Long size = number(Part.POST_READ_FILE, "size");
    if (size == null) {
      size = number(Part.POST_LOAD_DATA, "size");
    }
    if (size == null && call() == Reasons.Call.INIT) {
      size = number(Part.CALL, "len");
    }
    return size == null || size < 0 ? null : size;
  }

  /** Returns the facts that explain the result, for an attempt that returned an error. */
  Reasons.Facts facts(Reasons.Call call, long returned) {
    SensorContext known = context();
    SensorContext.Task task = known == null ? null : known.task();
    Long userNamespace = task == null ? null : task.namespaces().get("user");
    Long flags = number(Part.CALL, "flags");
    return new Reasons.Facts(
        call,
        returned,
        stage(),
        flags == null ? 0 : flags,
        task == null ? null : task.has(BitNames.CAP_SYS_MODULE),
        userNamespace == null ? null : userNamespace == INITIAL_USER_NAMESPACE,
        refusingHook(),
        known != null && known.signatureMissing(),
        known == null ? null : known.lockdownVerdict(),
        known == null ? null : known.signatureResult(),
        text(Part.IMAGE, "signature"),
        known != null && known.moduleName() != null,
        source != null,
        source != null && source.codeMayHaveRun());
  }

  /** The inode number that the initial user namespace has (PROC_USER_INIT_INO). */
  private static final long INITIAL_USER_NAMESPACE = 0xEFFFFFFDL;

  /** Converts a time of the attempt's host to the scale that all hosts share. */
  long shared(long hostNanos) {
    return hostNanos - aheadNanos;
  }

  /** Returns whether the kernel checked the signature and found it good. */
  boolean signatureIsGood() {
    SensorContext known = context();
    return known != null
        && known.signatureResult() != null
        && known.signatureResult() == 0
        && !known.signatureMissing();
  }

  Reasons.Stage stage() {
    if (source != null) {
      return source.imageTaken() ? Reasons.Stage.TAKEN : Reasons.Stage.ENTRY;
    }
    if (has(Part.LOAD) || has(Part.INIT)) {
      return Reasons.Stage.INIT;
    }
    if (has(Part.COMING)) {
      return Reasons.Stage.COMING;
    }
    if (has(Part.POST_READ_FILE) || has(Part.POST_LOAD_DATA)) {
      return Reasons.Stage.TAKEN;
    }
    return has(Part.READ_FILE) || has(Part.LOAD_DATA) ? Reasons.Stage.TAKING : Reasons.Stage.ENTRY;
  }

  private @Nullable String refusingHook() {
    for (Part part :
        List.of(Part.READ_FILE, Part.POST_READ_FILE, Part.LOAD_DATA, Part.POST_LOAD_DATA)) {
      Event event = part(part);
      if (event != null && event.returnValue() != null && event.returnValue() < 0) {
        return event.eventName();
      }
    }
    SensorContext known = context();
    return known == null ? null : known.refusedBy();
  }

  void gap(String field, String why) {
    gaps.add(new LoadRecord.Gap(field, why));
  }

  /**
   * Adds the reason why a field is missing. If the attempt is overdue, the reason holds until the
   * call returns.
   */
  void gapUntilReturn(String field, String why) {
    (overdue == null ? gaps : overdue.gaps).add(new LoadRecord.Gap(field, why));
  }

  /** Returns the gaps of the record at this time, as a list to which the caller may add. */
  List<LoadRecord.Gap> gaps() {
    var all = new ArrayList<LoadRecord.Gap>();
    if (replaces != null) {
      all.add(new LoadRecord.Gap("id", LoadRecord.REPLACES + replaces));
    }
    if (overdue != null) {
      all.addAll(overdue.gaps);
    }
    all.addAll(gaps);
    return all;
  }

  /** Marks the call as running, and sets the time by which it should return. */
  void open(long deadlineNanos) {
    state = new State.Open(deadlineNanos);
  }

  long deadlineNanos() {
    return state instanceof State.Open open ? open.deadlineNanos : Long.MAX_VALUE;
  }

  /** Marks the record as held back, to wait for events of other threads. */
  void holdBack(long nanos) {
    state = new State.Held(nanos);
  }

  boolean isHeld() {
    return state instanceof State.Held;
  }

  long heldSinceNanos() {
    return state instanceof State.Held held ? held.sinceNanos : Long.MAX_VALUE;
  }

  /** Marks the record as made. */
  void recorded() {
    state = new State.Recorded();
  }

  /** Marks the attempt as reported although its call has not returned, and records the reason. */
  void becomeOverdue(long nanos, String why) {
    overdue = new Overdue(nanos, new ArrayList<>());
    if (doubtful) {
      gapUntilReturn("outcome", Blindness.REASON);
    }
    if (source == null) {
      gapUntilReturn(
          "returnValue", !entryMissed() ? why : crowdedOut() ? CROWDED_OUT : NOTHING_FIRED);
    }
  }

  boolean isOverdue() {
    return overdue != null;
  }

  long overdueSinceNanos() {
    return overdue == null ? Long.MAX_VALUE : overdue.sinceNanos;
  }

  /** Marks the call as returned after it was overdue. */
  void hasReturned() {
    overdue = null;
  }

  /** Marks the next record as the replacement of the last one, with the reason. */
  void replaceRecord(String why) {
    replaces = why;
  }

  /** Notes that events of accepted steps of this attempt may have been lost. */
  void doubt() {
    doubtful = true;
  }

  /**
   * Notes that an attempt of another host has the same numbers, so the id needs more than these.
   */
  void shareId() {
    sharesId = true;
  }

  /** Sets the attempt of which this is the second try; null keeps the present value. */
  void retries(@Nullable String firstId) {
    retryOf = firstId == null ? retryOf : firstId;
  }

  /** Sets the alias that the loader was started for; null if it was started in another way. */
  void startedFor(@Nullable String requested) {
    alias = requested;
  }

  /** Sets the facts on the request that the loader was started for. */
  void askedBy(Requests.Answer answer) {
    request = answer.request();
    forUnnamedRequest |= answer.isUnnamed();
    if (answer.doubt() != null) {
      gap("requester", answer.doubt());
    }
  }

  /** Sets whether its own events, now complete, allow that it received another attempt's result. */
  void mayHaveWaited(boolean so) {
    mayHaveWaited = so;
  }

  /** Sets the attempt whose result this one received. */
  void waitedOn(Waiters.Main main) {
    waitedOn = main.id();
    if (verdict().outcome() != LoadRecord.Outcome.LOADED) {
      verdict =
          new Reasons.Verdict(
              main.verdict().outcome(),
              "it was given the result of another attempt for the same file: "
                  + main.verdict().reason());
    }
  }

  /** Returns the outcome, by the facts at the last judgement. */
  Reasons.Verdict verdict() {
    return Objects.requireNonNull(verdict, "not judged");
  }

  /** Decides the outcome, by the facts known now. */
  void judge() {
    verdict = verdictNow();
  }

  private Reasons.Verdict verdictNow() {
    Long returned = returnValue();
    Reasons.Call call = call();
    if (returned != null && returned < 0 && call != null) {
      return Reasons.of(facts(call, returned));
    }
    boolean gone = has(Part.FREE);
    if (doubtful && returned == null) {
      return new Reasons.Verdict(LoadRecord.Outcome.UNKNOWN, null);
    } else if (unloads()) {
      return returned != null || gone
          ? new Reasons.Verdict(LoadRecord.Outcome.UNLOADED, null)
          : failed("the module was not seen to go");
    } else if (returned == null && source != null) {
      return failed("what the call returned is not known, nor whether the module was put in place");
    } else if (returned != null || (inKernel() && !gone)) {
      return new Reasons.Verdict(LoadRecord.Outcome.LOADED, null);
    }
    return failed(
        gone
            ? "the module was in place and has gone again"
            : "the module was not seen to be put in place");
  }

  private static Reasons.Verdict failed(String reason) {
    return new Reasons.Verdict(LoadRecord.Outcome.FAILED, reason);
  }
}

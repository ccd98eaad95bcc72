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
 * The events of one attempt, as they come in, and how far its record is. Mutable; of one tracker.
 */
final class Attempt extends KeptBytes.Kept {

  /** What an event is to an attempt; in the order of the kernel's way. */
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

  /** How far its record is. */
  private sealed interface State {

    /**
     * Its call is under way, as far as is known, and there is no record.
     *
     * @param deadlineNanos when it is reported at the latest; the end of time if it may take long
     */
    record Open(long deadlineNanos) implements State {}

    /** Its own events are there; its record waits for those of other threads. */
    record Held(long sinceNanos) implements State {}

    /** It has a record. */
    record Recorded() implements State {}
  }

  /**
   * It is reported, or about to be, though its call is not known to have returned.
   *
   * @param gaps what its record lacks for that reason; the one that replaces it does not
   */
  private record Overdue(long sinceNanos, List<LoadRecord.Gap> gaps) {}

  final Identity identity;
  final int hostProcessId;

  /** When the first of its events happened, on the scale that nobody can set. */
  final long firstNanos;

  /** What to take from its times, as they are written down, to get them on that scale. */
  final long clockShiftNanos;

  /** By how much the clock of its host was ahead of the tracker's time when it began. */
  private final long aheadNanos;

  // Other classes read what follows; only the methods below change it.
  private State state = new State.Open(Long.MAX_VALUE);
  private @Nullable Overdue overdue;
  private Reasons.@Nullable Verdict verdict;
  private boolean sharesId;
  final List<String> findings = new ArrayList<>();
  private final List<LoadRecord.Gap> gaps = new ArrayList<>();
  private @Nullable String replaces;

  /** Whether what the kernel accepts of it may have been lost. */
  boolean doubtful;

  /** The first try that it is the second of. */
  @Nullable String retryOf;

  /** The attempt whose result it was given. */
  @Nullable String waitedOn;

  /** The request that its loader was started for. */
  Requests.@Nullable Request request;

  /** Alias of that request; null if the loader was started otherwise. */
  @Nullable String alias;

  /** Whether the kernel was asked for a module whose name could not be read, maybe for this one. */
  boolean forUnnamedRequest;

  /** Whether its own events, all of them, say that it may have been given another's result. */
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

  /** What a source that has the call's result alone says of it; null if it is from another. */
  @Nullable SourceContext source() {
    return source;
  }

  /** Whether its events name it, and not only its thread. */
  boolean isNamed() {
    return !(identity instanceof Identity.OfThread);
  }

  /** Whether it is a module_load or module_free in no call. */
  boolean isOutsideCall() {
    return identity instanceof Identity.OutsideCall;
  }

  /** Whether the producer is our sensor. */
  boolean fromSensor() {
    return fromSensor;
  }

  @Nullable Event part(Part part) {
    return parts.get(part);
  }

  boolean has(Part part) {
    return parts.containsKey(part);
  }

  /** Whether the module has come so far that code of it can run, or goes. */
  boolean inKernel() {
    return has(Part.COMING) || has(Part.LOAD) || has(Part.FREE);
  }

  /**
   * Since when it has been {@link #inKernel in the kernel}, on the scale that nobody can set; when
   * the call was entered if it is not.
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
   * Whether the module was seen and the call was not: the sensor then tells of the call by what it
   * finds in the thread's registers.
   */
  boolean entryMissed() {
    if (has(Part.CALL) && returnValue() != null) {
      return false;
    }
    Event event = has(Part.LOAD) ? part(Part.LOAD) : part(Part.FREE);
    return event != null && SensorContexts.of(event).map(SensorContext::entryMissed).orElse(false);
  }

  /** Whether the call was not seen since no work space was free in the kernel at its entry. */
  boolean crowdedOut() {
    SensorContext known = context();
    return known != null && known.crowdedOut();
  }

  /** Takes an event, and the ids of the findings on it. */
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

  /** What the record rests on. */
  Event basis() {
    Event call = part(Part.CALL);
    Event load = part(Part.LOAD);
    if (call != null && (call.returnValue() != null || load == null)) {
      return call;
    }
    return load != null ? load : first;
  }

  /** The event that says most of the process. */
  Event ofProcess() {
    Event call = part(Part.CALL);
    return call != null ? call : first;
  }

  /** What the sensor says with the last of the events; null if they are not of our sensor. */
  @Nullable SensorContext context() {
    if (context == null && fromSensor) {
      // The later in its way, the more the sensor knows; the call knows all.
      Event call = part(Part.CALL);
      for (Event event : call != null ? List.of(call) : parts.values()) {
        context = SensorContexts.of(event).orElse(context);
      }
    }
    return context;
  }

  /** The system call; null if none was seen. */
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

  /** Whether it may be by a call of that name. */
  boolean mayBeBy(String syscall) {
    Reasons.Call known = call();
    return known == null || known.syscall.equals(syscall);
  }

  /**
   * Whether it may be a load by a process that the kernel started for a request: until it returns,
   * most do not say so.
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

  /** When the call was entered, as it is written down: nanoseconds since the epoch. */
  long timeNanos() {
    return beginNanos() + clockShiftNanos;
  }

  /**
   * When the call was entered; as all that is compared or waited for, on the scale that nobody can
   * set.
   */
  long beginNanos() {
    Event call = part(Part.CALL);
    return identity.beginNanos(call != null ? SensorContexts.steadyNanos(call) : firstNanos);
  }

  /** When the call began at the earliest: if its entry was not seen, when the thread did. */
  long earliestBeginNanos() {
    SensorContext known = context();
    long threadStart = ofProcess().process().threadStartTimeNanos();
    return known != null && known.entryMissed() && threadStart != 0
        ? Math.min(beginNanos(), threadStart - clockShiftNanos)
        : beginNanos();
  }

  /** The id of the record: docs/reference/load-record.md. */
  String id() {
    String id = identity.id(timeNanos());
    return sharesId ? RecordIds.ofSecond(id, identity.host()) : id;
  }

  /** When the call returned; the latest moment that there is if it has not, or nobody says. */
  long endNanos() {
    SensorContext known = context();
    return known == null || known.returnTimeNanos() == 0
        ? Long.MAX_VALUE
        : known.returnTimeNanos() - known.clockShiftNanos();
  }

  /** When the call returned, as far as anybody says; else when it began. */
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

  /** As a bit set; of module_load where module_coming was not seen. */
  @Nullable Long taints() {
    Long coming = number(Part.COMING, "taints");
    Event load = part(Part.LOAD);
    return coming != null || load == null
        ? coming
        : SensorContexts.of(load).map(SensorContext::taints).orElse(null);
  }

  /** The 64 bits of a numeric argument; {@code absent} if the event has none of that name. */
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

  /** What is known of it, for the words; only for one that returned an error. */
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
        task == null ? null : task.has(Names.CAP_SYS_MODULE),
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

  /** PROC_USER_INIT_INO. */
  private static final long INITIAL_USER_NAMESPACE = 0xEFFFFFFDL;

  /** A time of its host, on the scale that all hosts share. */
  long shared(long hostNanos) {
    return hostNanos - aheadNanos;
  }

  /** Whether the kernel checked its signature, and found a good one. */
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

  /** Says why something is missing; until the call has returned, if it is overdue. */
  void gapUntilReturn(String field, String why) {
    (overdue == null ? gaps : overdue.gaps).add(new LoadRecord.Gap(field, why));
  }

  /** What its record lacks by now, as a list to add to. */
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

  /** Its call is under way, and should return by then. */
  void open(long deadlineNanos) {
    state = new State.Open(deadlineNanos);
  }

  long deadlineNanos() {
    return state instanceof State.Open open ? open.deadlineNanos : Long.MAX_VALUE;
  }

  /** Its record waits for events of other threads. */
  void holdBack(long nanos) {
    state = new State.Held(nanos);
  }

  boolean isHeld() {
    return state instanceof State.Held;
  }

  long heldSinceNanos() {
    return state instanceof State.Held held ? held.sinceNanos : Long.MAX_VALUE;
  }

  /** Its record is made. */
  void recorded() {
    state = new State.Recorded();
  }

  /** It is reported although its call has not returned, for this reason. */
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

  /** Its call has returned after all. */
  void hasReturned() {
    overdue = null;
  }

  /** Its next record replaces the last one, for this reason. */
  void replaceRecord(String why) {
    replaces = why;
  }

  /** What the kernel accepts of it may have been lost. */
  void doubt() {
    doubtful = true;
  }

  /** An attempt of another host has the same numbers, so that they do not make an id. */
  void shareId() {
    sharesId = true;
  }

  /** It is the second try of that attempt; null if it is none, as far as is known by now. */
  void retries(@Nullable String firstId) {
    retryOf = firstId == null ? retryOf : firstId;
  }

  /** Its loader was started for that alias; null if it was started otherwise. */
  void startedFor(@Nullable String requested) {
    alias = requested;
  }

  /** That is known of the request that its loader was started for. */
  void askedBy(Requests.Answer answer) {
    request = answer.request();
    forUnnamedRequest |= answer.isUnnamed();
    if (answer.doubt() != null) {
      gap("requester", answer.doubt());
    }
  }

  /** Its own events, all of them, say that it may have been given the result of another. */
  void mayHaveWaited(boolean so) {
    mayHaveWaited = so;
  }

  /** It was given the result of that attempt. */
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

  /** What became of it, by what was known when it was last judged. */
  Reasons.Verdict verdict() {
    return Objects.requireNonNull(verdict, "not judged");
  }

  /** Decides what became of it, by what is known now. */
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

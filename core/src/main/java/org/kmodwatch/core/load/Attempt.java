package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventWeight;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.SourceContext;
import org.kmodwatch.core.event.Value;

/** The events of one attempt, as they come in. Mutable; of one tracker. */
final class Attempt {

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

  final Identity identity;
  final int hostProcessId;
  final List<LoadRecord.Gap> gaps = new ArrayList<>();

  /** Of the record that is made before the call returned; the one that replaces it has none. */
  final List<LoadRecord.Gap> gapsForNow = new ArrayList<>();

  final List<String> findings = new ArrayList<>();

  /** When the first of its events happened, on the scale that nobody can set. */
  final long firstNanos;

  /** What to take from its times, as they are written down, to get them on that scale. */
  final long clockShiftNanos;

  /** Whether its record has been made before its call returned. */
  boolean reported;

  /** Whether what the kernel accepts of it may have been lost. */
  boolean doubtful;

  /** When it is reported at the latest, if it is in the kernel ({@link Deadlines}). */
  long deadlineNanos = Long.MAX_VALUE;

  /** From when on its record has been held back. */
  long heldSinceNanos;

  /** By how much the clock of its host was ahead of the tracker's time when it began. */
  private final long aheadNanos;

  /** When its record was made, if that was before its call returned. */
  long reportedNanos;

  /** Why its next record replaces one of the same id; null if it does not. */
  @Nullable String replaces;

  /** Whether an attempt of another host has the same numbers, so that they do not make an id. */
  boolean sharesId;

  /** How many of the tracker's lists it is in. */
  int lists;

  @Nullable String retryOf;
  @Nullable String waitedOn;
  Requests.@Nullable Request request;

  /** Alias of the request that the loader was started for; null if it was started otherwise. */
  @Nullable String alias;

  /** Whether the kernel was asked for a module whose name could not be read, maybe for this one. */
  boolean requestWithoutName;

  /** Set once all of its own events are there. */
  boolean mayHaveWaited;

  LoadRecord.@Nullable Outcome outcome;
  @Nullable String reason;

  private final Map<Part, Event> parts = new EnumMap<>(Part.class);
  private final boolean fromSensor;
  private final @Nullable SourceContext source;
  private @Nullable SensorContext context;
  private final Event first;
  private long bytes;

  Attempt(Identity identity, Event first, long aheadNanos) {
    this.identity = identity;
    this.hostProcessId = first.process().hostProcessId();
    this.clockShiftNanos = SensorContexts.clockShiftNanos(first);
    this.firstNanos = first.timestampNanos() - clockShiftNanos;
    this.first = first;
    this.aheadNanos = aheadNanos;
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

  void put(Part part, Event event) {
    Event before = parts.put(part, event);
    bytes += EventWeight.of(event) - (before == null ? 0 : EventWeight.of(before));
    context = null;
  }

  /** How many bytes of the heap its events keep, about. */
  long bytes() {
    return bytes;
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

  void find(List<String> ids) {
    for (String id : ids) {
      if (!findings.contains(id)) {
        findings.add(id);
      }
    }
  }

  void gap(String field, String why) {
    gaps.add(new LoadRecord.Gap(field, why));
  }

  /** Says why something is missing, until the call has returned. */
  void gapForNow(String field, String why) {
    gapsForNow.add(new LoadRecord.Gap(field, why));
  }
}

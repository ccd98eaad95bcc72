package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.EventWeight;
import org.kmodwatch.core.event.KernelModprobe;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.SourceContext;

/**
 * Keeps the kernel's requests for modules, and the processes that it started for them. It belongs
 * to one tracker.
 */
final class Requests {

  /** If two requests are closer together than this, it is unclear which of them is meant: 1 s. */
  private static final long UNCLEAR_NANOS = 1_000_000_000L;

  private static final String CROWDED =
      "no load was seen for it before too many others were waited for";

  private final long limitNanos;
  private final long helperLimitNanos;
  private final int max;
  private final long maxBytes;
  private final Map<Long, Request> kept = new LinkedHashMap<>();
  private final Map<String, List<Request>> byAlias = new LinkedHashMap<>();

  /** The refused requests, kept to recognise duplicates. */
  private final Map<RefusedKey, Boolean> refusals;

  private final List<Fruitless> fruitless = new ArrayList<>();

  /** When the latest request without a load was made, by host and alias. */
  private final Map<Asked, Long> fruitlessAliases;

  /** When the latest load began whose source does not report its alias, by host. */
  private final Map<String, Long> loadsWithoutAlias;

  /** The processes started for requests, in the order in which they were last seen. */
  private final Map<Loader, Helper> helpers = new LinkedHashMap<>();

  private final KeptBytes keptBytes = new KeptBytes();
  private long serial;

  long count;
  long refused;
  long withAttempt;
  long withoutLoad;
  long duplicates;

  /**
   * One request. It is kept while it waits for a load, and while a process that it started is
   * known.
   */
  static final class Request extends KeptBytes.Kept {
    final long serial;
    final String alias;
    final Event event;

    /** When the request was made, on the scale that clock changes do not affect. */
    final long nanos;

    /** When the request was made, on the scale that all hosts share. */
    private final long waitingSinceNanos;

    private final @Nullable String host;

    final List<String> findings = new ArrayList<>();
    @Nullable Event securityEvent;
    @Nullable Event traceEvent;

    /** Whether a process started for this request attempted a load. */
    boolean led;

    /**
     * Whether a process started for this request, or for another one with the same alias, did so.
     */
    private boolean answered;

    Request(long serial, String alias, Event event, long aheadNanos) {
      this.serial = serial;
      this.alias = alias;
      this.event = event;
      this.nanos = SensorContexts.steadyNanos(event);
      this.waitingSinceNanos = nanos - aheadNanos;
      this.host = HostName.of(event);
    }

    private boolean mayBeOn(@Nullable String loadersHost) {
      return HostName.mayBeSame(host, loadersHost);
    }

    /** Returns the event with the most facts on the requester. */
    Event best() {
      return traceEvent != null ? traceEvent : event;
    }
  }

  private record Loader(String host, int hostProcessId) {}

  private record Helper(long startNanos, Request request) {}

  /**
   * Identifies an alias that was requested on a host.
   *
   * @param host the machine's name; null if it is not known
   */
  private record Asked(@Nullable String host, String alias) {

    /**
     * The limit for an alias. MODULE_NAME_LEN is 64, but a recording may have longer names than any
     * kernel.
     */
    private static final int MAX_ALIAS = 128;

    Asked {
      alias = alias.length() > MAX_ALIAS ? alias.substring(0, MAX_ALIAS) : alias;
    }
  }

  /**
   * The key of a refused request. Of the alias it has only a hash, which distinguishes requests at
   * the same time.
   */
  private record RefusedKey(String host, int hostThreadId, long nanos, int aliasHash) {}

  /**
   * The facts on the request that caused a load.
   *
   * @param request the request; null if it is not known
   * @param doubt why another request may be meant; null without doubt
   * @param isUnnamed whether it may be a request whose name could not be read
   */
  record Answer(@Nullable Request request, @Nullable String doubt, boolean isUnnamed) {

    private static final Answer NOT_KNOWN = new Answer(null, null, false);
    private static final Answer UNNAMED = new Answer(null, null, true);
  }

  /**
   * A request that led to no load.
   *
   * @param request the request
   * @param reason why it led to no load, as far as known; null if it was refused
   */
  record Fruitless(Request request, @Nullable String reason) {}

  /** Creates an empty table. */
  Requests(LoadTrackerOptions options) {
    this.limitNanos = options.requestLimit().toNanos();
    this.helperLimitNanos = options.lateLimit().toNanos();
    this.max = options.maxRequests();
    this.maxBytes = options.maxBytes() / 4;
    this.refusals = new NewestMap<>(max);
    this.loadsWithoutAlias = new NewestMap<>(max);
    this.fruitlessAliases = new NewestMap<>(max);
  }

  /**
   * Processes an event that asks for a module.
   *
   * @param aheadNanos how far its host's clock is ahead of the scale that all hosts share
   * @return the request, if this event is its first and it was not refused; null otherwise
   */
  @Nullable Request accept(LoadEvent.Request asked, long aheadNanos, List<String> findings) {
    Event event = asked.event();
    String alias = asked.alias();
    boolean security = asked.security();
    if (asked.isRefused()) {
      refuse(alias, event, aheadNanos, findings);
      return null;
    }
    List<Request> same = byAlias.getOrDefault(alias, List.of());
    for (int i = same.size() - 1; i >= 0; i--) {
      Request known = same.get(i);
      if (known.event.process().hostThreadId() != event.process().hostThreadId()
          || !known.event.hostName().equals(event.hostName())) {
        continue;
      }
      Event twin = security ? known.securityEvent : known.traceEvent;
      if (twin != null && twin.timestampNanos() == event.timestampNanos()) {
        duplicates++;
        return null;
      }
      Event other = security ? known.traceEvent : known.securityEvent;
      if (twin == null
          && other != null
          && Math.abs(SensorContexts.steadyNanos(other) - SensorContexts.steadyNanos(event))
              < limitNanos) {
        attach(known, security, event, findings);
        makeRoom();
        return null;
      }
    }
    count++;
    Request request = new Request(serial++, alias, event, aheadNanos);
    attach(request, security, event, findings);
    kept.put(request.serial, request);
    keptBytes.enter(request);
    byAlias.computeIfAbsent(alias, a -> new ArrayList<>(1)).add(request);
    if (kept.size() > max) {
      forget(kept.values().iterator().next(), CROWDED);
    }
    makeRoom();
    return request;
  }

  /** Reports a refused request at once: no event follows a refusal. */
  private void refuse(String alias, Event event, long aheadNanos, List<String> findings) {
    var key =
        new RefusedKey(
            HostName.bounded(event.hostName()),
            event.process().hostThreadId(),
            event.timestampNanos(),
            alias.hashCode());
    if (refusals.put(key, true) != null) {
      duplicates++;
      return;
    }
    count++;
    refused++;
    var request = new Request(serial++, alias, event, aheadNanos);
    request.findings.addAll(findings);
    fruitless.add(new Fruitless(request, null));
  }

  /** Returns whether a request that may have caused the load was reported as one without a load. */
  boolean wasFruitless(String alias, Attempt attempt) {
    String host = HostName.of(attempt.ofProcess());
    long asked =
        Math.max(
            fruitlessAliases.getOrDefault(new Asked(host, alias), Long.MIN_VALUE),
            fruitlessAliases.getOrDefault(new Asked(null, alias), Long.MIN_VALUE));
    return asked != Long.MIN_VALUE
        && asked <= attempt.beginNanos()
        && attempt.beginNanos() - asked <= helperLimitNanos;
  }

  /**
   * Returns the requests that turned out to have no load since the last call, in the order of that
   * decision.
   */
  List<Fruitless> takeFruitless() {
    if (fruitless.isEmpty()) {
      return List.of();
    }
    List<Fruitless> taken = List.copyOf(fruitless);
    fruitless.clear();
    return taken;
  }

  private void makeRoom() {
    while (keptBytes.total() > maxBytes && !kept.isEmpty()) {
      Request oldest = kept.values().iterator().next();
      forget(oldest, CROWDED);
      if (oldest.isKept()) {
        dropHelpers(helper -> helper.request.serial == oldest.serial);
      }
    }
    if (keptBytes.total() > maxBytes) {
      dropHelpers(helper -> true);
    }
  }

  private void dropHelpers(Predicate<Helper> which) {
    helpers
        .values()
        .removeIf(
            helper -> {
              boolean drop = which.test(helper);
              if (drop) {
                keptBytes.leave(helper.request);
              }
              return drop;
            });
  }

  private void attach(Request request, boolean security, Event event, List<String> findings) {
    if (security) {
      request.securityEvent = event;
    } else {
      request.traceEvent = event;
    }
    request.findings.addAll(findings);
    keptBytes.grow(request, EventWeight.of(event));
  }

  /**
   * Returns the alias that the kernel started the loader for. The kernel runs {@code modprobe -q --
   * ALIAS} from a kernel thread. Null if the loader was started in another way, or this is not
   * known.
   */
  static @Nullable String aliasOf(Attempt attempt) {
    SourceContext source = attempt.source();
    if (source != null) {
      return source.parentIsKernelThread() ? KernelModprobe.aliasIn(source.arguments()) : null;
    }
    SensorContext context = attempt.context();
    SensorContext.Task task = context == null ? null : context.task();
    return task == null
            || task.ancestors().isEmpty()
            || task.ancestors().getFirst().executablePath() != null
        ? null
        : KernelModprobe.aliasIn(task.arguments());
  }

  /** Links an attempt with the request that its loader was started for, if that is known so far. */
  void link(Attempt attempt) {
    if (attempt.request == null) {
      attempt.askedBy(find(attempt));
    }
  }

  private Answer find(Attempt attempt) {
    Event event = attempt.ofProcess();
    int hostPid = attempt.hostProcessId;
    var process = new Loader(attempt.identity.host(), hostPid);
    String host = HostName.of(event);
    // Only the first thread's start is that of the process; modprobe has only one thread.
    long written =
        event.process().hostThreadId() == hostPid ? event.process().threadStartTimeNanos() : 0;
    long start = written == 0 ? 0 : written - attempt.clockShiftNanos;
    Helper helper = helpers.get(process);
    if (helper != null && helper.startNanos == start) {
      return new Answer(helper.request, null, false);
    }
    String alias = attempt.alias;
    if (alias == null) {
      return Answer.NOT_KNOWN;
    }
    long latest = start != 0 ? start : attempt.beginNanos();
    Request best = null;
    Request second = null;
    for (Request request : byAlias.getOrDefault(alias, List.of())) {
      long age = latest - request.nanos;
      if (age < 0 || age > limitNanos || !request.mayBeOn(host)) {
        continue;
      }
      if (best == null || isNearer(request, best)) {
        second = best;
        best = request;
      } else if (second == null || isNearer(request, second)) {
        second = request;
      }
    }
    for (Request request : byAlias.getOrDefault("", List.of())) {
      long age = latest - request.nanos;
      // The name of this request could not be read: it may be this alias.
      if (age >= 0
          && age <= limitNanos
          && request.mayBeOn(host)
          && (best == null || isNearer(request, best))) {
        return Answer.UNNAMED;
      }
    }
    if (best == null) {
      return Answer.NOT_KNOWN;
    }
    String doubt = null;
    if (second != null
        && second.event.process().hostProcessId() != best.event.process().hostProcessId()
        && latest - second.nanos < UNCLEAR_NANOS) {
      doubt =
          "process %d asked for %s at about the same time; this is the likelier of the two"
              .formatted(second.event.process().hostProcessId(), alias);
    }
    best.led = true;
    // All others that wait for the alias have it now too: their own helpers find nothing to do.
    for (Request request : byAlias.getOrDefault(alias, List.of())) {
      if (request.mayBeOn(host) && request.nanos <= attempt.endNanos() && !request.answered) {
        request.answered = true;
        withAttempt++;
      }
    }
    Helper before = helpers.remove(process);
    if (before != null) {
      keptBytes.leave(before.request);
    }
    helpers.put(process, new Helper(start, best));
    keptBytes.enter(best);
    if (helpers.size() > max) {
      dropEldestHelper();
    }
    return new Answer(best, doubt, false);
  }

  /**
   * Notes a load from a source that does not report its alias. It may be for any earlier request of
   * its host.
   */
  void mayBeAnsweredBy(Attempt attempt) {
    if (!attempt.fromSensor()
        && !attempt.ofProcess().eventName().equals(EventNames.DELETE_MODULE)) {
      loadsWithoutAlias.merge(attempt.identity.host(), attempt.beginNanos(), Math::max);
    }
  }

  /**
   * Returns whether a request is a better match than another: one without a load before one with a
   * load, then the later one.
   */
  private static boolean isNearer(Request one, Request other) {
    return one.led == other.led ? one.nanos >= other.nanos : !one.led;
  }

  private boolean hasDue(long nowNanos) {
    for (Request request : kept.values()) {
      if (nowNanos - request.waitingSinceNanos <= limitNanos) {
        return false;
      }
      if (!request.answered) {
        return true;
      }
    }
    return false;
  }

  /**
   * Forgets old requests. A request stays while a load that began after it, and may be for it, is
   * in progress.
   *
   * @param open the attempts that have no record
   * @param overdue the attempts that have a record, and whose calls have not returned
   */
  void tick(long nowNanos, Collection<Attempt> open, Collection<Attempt> overdue) {
    long loadingSinceNanos =
        !hasDue(nowNanos)
            ? Long.MIN_VALUE
            : Stream.concat(open.stream(), overdue.stream())
                .filter(Attempt::mayBeForARequest)
                .mapToLong(attempt -> attempt.shared(attempt.beginNanos()))
                .max()
                .orElse(Long.MIN_VALUE);
    List<Request> due = new ArrayList<>();
    for (Request request : kept.values()) {
      if (nowNanos - request.waitingSinceNanos <= limitNanos) {
        break;
      }
      if (request.answered
          || request.waitingSinceNanos > loadingSinceNanos
          || nowNanos - request.waitingSinceNanos > helperLimitNanos) {
        due.add(request);
      }
    }
    for (Request request : due) {
      forget(request, "no load was seen for it within %d s".formatted(limitNanos / 1_000_000_000L));
    }
    while (!helpers.isEmpty()
        && nowNanos - helpers.values().iterator().next().request.waitingSinceNanos
            > helperLimitNanos) {
      dropEldestHelper();
    }
  }

  private void dropEldestHelper() {
    Iterator<Helper> eldest = helpers.values().iterator();
    Helper helper = eldest.next();
    eldest.remove();
    keptBytes.leave(helper.request);
  }

  /** Forgets all requests. Those that wait are reported as without a load, for this reason. */
  void clear(String reason) {
    for (Request request : List.copyOf(kept.values())) {
      forget(request, reason);
    }
    dropHelpers(helper -> true);
  }

  int pending() {
    int pending = 0;
    for (Request request : kept.values()) {
      if (!request.answered) {
        pending++;
      }
    }
    return pending;
  }

  private void forget(Request request, String reason) {
    kept.remove(request.serial);
    keptBytes.leave(request);
    List<Request> same = byAlias.get(request.alias);
    if (same != null) {
      same.remove(request);
      if (same.isEmpty()) {
        byAlias.remove(request.alias);
      }
    }
    if (!request.answered) {
      withoutLoad++;
      long loadNanos =
          loadsWithoutAlias.getOrDefault(
              HostName.bounded(request.event.hostName()), Long.MIN_VALUE);
      if (loadNanos < request.nanos || SensorContexts.of(request.event).isPresent()) {
        fruitless.add(new Fruitless(request, reason));
        fruitlessAliases.put(new Asked(request.host, request.alias), request.nanos);
      }
    }
  }
}

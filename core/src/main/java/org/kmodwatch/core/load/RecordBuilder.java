package org.kmodwatch.core.load;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileTrait;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.SourceContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.Attempt.Part;

/** Builds the record of an attempt. */
final class RecordBuilder {

  /** The kernel's value for a login that does not exist. */
  private static final long UNSET = 0xffff_ffffL;

  /**
   * The limit that the sensor has for a text, including the NUL (KW_APPEND_MAX in
   * sensor/src/main/bpf/record.h).
   */
  private static final int MAX_TEXT_BYTES = 4095;

  /** Matches a byte that is not part of UTF-8, in the sensor's notation. */
  private static final Pattern WRITTEN_OUT = Pattern.compile("\\\\x[0-9a-f]{2}");

  /** The limit that the sensor has for ancestors: KW_ANCESTORS of its record.h. */
  private static final int MAX_ANCESTORS = 8;

  /** Processes 1 and 2, init and kthreadd, whose only parent is the kernel itself. */
  private static final int LAST_ANCESTOR = 2;

  private static final String NOT_IN_FULL = "could not be read in full";

  private static final String CROWDED_OUT =
      "no work space was free in the kernel when the call was entered: too many were under way at"
          + " once; which call it was is from the thread's registers";

  private static final String IMAGE_TO_COME = "no event had told of the module's bytes by then";

  private final LoadRecord.Host host;
  private final @Nullable String modprobePath;

  /** A cache of the last capability set. All loads by root have the same set. */
  private long capabilitySet;

  private List<String> capabilityNames = List.of();

  RecordBuilder(LoadRecord.Host host, @Nullable String modprobePath) {
    this.host = host;
    this.modprobePath = modprobePath;
  }

  LoadRecord build(Attempt attempt) {
    List<LoadRecord.Gap> gaps = attempt.gaps();
    Reasons.Call call = attempt.call();
    SensorContext context = attempt.context();
    Long returned = attempt.returnValue();
    Event event = attempt.ofProcess();
    if (attempt.isOutsideCall() || call == null) {
      gaps.add(new LoadRecord.Gap("route.syscall", "no system call was seen"));
    } else if (attempt.entryMissed() && attempt.crowdedOut()) {
      gaps.add(new LoadRecord.Gap("route", CROWDED_OUT));
    } else if (attempt.entryMissed()) {
      gaps.add(
          new LoadRecord.Gap(
              "route.syscall",
              "no system call was seen; which it was is from the thread's registers"));
    }
    LoadRecord.Requester requester = requester(attempt, gaps);
    Requests.Request request = attempt.request;
    Event asked = request != null ? request.best() : event;
    var findings = new LinkedHashSet<>(attempt.findings);
    if (request != null) {
      findings.addAll(request.findings);
    }
    LoadRecord.Outcome outcome = attempt.verdict().outcome();
    Long duration = null;
    if (returned != null && context != null && context.entryMissed()) {
      gaps.add(
          new LoadRecord.Gap(
              "durationNs",
              context.crowdedOut()
                  ? "the call was first seen when it returned: no work space was free in the kernel"
                      + " when it was entered"
                  : "the call was first seen when it returned"));
    } else if (returned != null && context != null && context.returnTimeNanos() != 0) {
      duration = attempt.endNanos() - attempt.beginNanos();
      if (duration < 0) {
        duration = null;
        gaps.add(
            new LoadRecord.Gap("durationNs", "by its events it returned before it was entered"));
      }
    }
    Event imageEvent = attempt.part(Part.IMAGE);
    ImageFacts image = imageEvent == null ? null : ImageFacts.of(imageEvent);
    SensorContext.FileIdentity from = ModuleSource.of(attempt, image, gaps);
    LoadRecord.Route route = route(attempt, call, image, from, requester != null, gaps);
    LoadRecord.ModuleDetails module = module(attempt, context, gaps);
    SourceContext source = attempt.source();
    if (module.name() == null
        && source == null
        && outcome == LoadRecord.Outcome.LOADED
        && attempt.waitedOn == null) {
      gaps.add(
          new LoadRecord.Gap(
              "module.name",
              attempt.has(Part.LOAD)
                  ? "could not be read"
                  : "no module_load was seen in the call"));
    }
    if (module.name() == null
        && attempt.fromSensor()
        && call == Reasons.Call.DELETE
        && attempt.has(Part.CALL)) {
      gaps.add(new LoadRecord.Gap("module.name", unread(attempt)));
    }
    if (image != null) {
      module = image.complete(module);
      gaps.addAll(image.gaps());
    } else if (isImageToCome(attempt)) {
      for (String field : List.of("image", "module.license")) {
        gaps.add(new LoadRecord.Gap(field, IMAGE_TO_COME));
      }
    }
    LoadRecord.ModuleFile file =
        file(
            attempt,
            from,
            place(from, event, attempt.fromSensor()),
            image == null ? null : image.owner(),
            gaps);
    LoadRecord.ProcessDetails loader =
        source == null
            ? process(event, context == null ? null : context.task(), "loader", gaps)
            : process(event.process(), source);
    if (source != null) {
      source.missing().forEach(each -> gaps.add(new LoadRecord.Gap(each.field(), each.why())));
    }
    return LoadRecord.builder(
            attempt.id(),
            attempt.timeNanos(),
            attempt.unloads() ? LoadRecord.Action.UNLOAD : LoadRecord.Action.LOAD)
        .durationNanos(duration)
        .host(host(event))
        .result(outcome, returned, attempt.verdict().reason())
        .route(route)
        .module(module)
        .image(image == null ? null : image.image())
        .file(file)
        .loader(loader)
        .requester(requester)
        .codeMayHaveRun(
            outcome != LoadRecord.Outcome.LOADED
                && outcome != LoadRecord.Outcome.UNLOADED
                && call != Reasons.Call.DELETE
                && (attempt.has(Part.COMING)
                    || attempt.has(Part.LOAD)
                    || attempt.has(Part.INIT)
                    || (source != null && source.codeMayHaveRun())))
        .linked(attempt.retryOf, attempt.waitedOn)
        .in(asked.container(), asked.kubernetes())
        .findings(List.copyOf(findings))
        .gaps(gaps)
        .build();
  }

  /**
   * Returns whether our sensor may still report the bytes. It does so when the parameters are set,
   * at the latest.
   */
  private static boolean isImageToCome(Attempt attempt) {
    return attempt.isOverdue()
        && attempt.fromSensor()
        && !attempt.unloads()
        && attempt.has(Part.COMING)
        && !attempt.has(Part.LOAD);
  }

  /**
   * Returns the record of a request for a module that led to no load.
   *
   * @param reason why; null if it was refused
   * @param doubt why the outcome is not known; null if it is known
   */
  LoadRecord fruitless(
      Requests.Request request, String id, @Nullable String reason, @Nullable String doubt) {
    Event event = request.best();
    SensorContext context = SensorContexts.of(event).orElse(null);
    SensorContext.Task task = context == null ? null : context.task();
    Long returned = reason == null ? request.event.returnValue() : null;
    var gaps = new ArrayList<LoadRecord.Gap>();
    if (doubt != null) {
      gaps.add(new LoadRecord.Gap("outcome", doubt));
    }
    if (request.alias.isEmpty()) {
      gaps.add(new LoadRecord.Gap("requester.alias", "no event has it"));
    }
    LoadRecord.Outcome outcome = LoadRecord.Outcome.FAILED;
    String why = reason;
    if (returned != null) {
      outcome = LoadRecord.Outcome.REFUSED;
      why = Reasons.ofHook(request.event.eventName(), returned);
    } else if (doubt != null) {
      outcome = LoadRecord.Outcome.UNKNOWN;
      why = null;
    }
    return LoadRecord.builder(id, request.event.timestampNanos(), LoadRecord.Action.REQUEST)
        .host(host(event))
        .result(outcome, returned, why)
        .requester(
            new LoadRecord.Requester(
                nonEmpty(request.alias),
                process(event, task, "requester", gaps),
                otherModprobe(task == null ? null : task.modprobePath())))
        .in(event.container(), event.kubernetes())
        .findings(request.findings.stream().distinct().toList())
        .gaps(gaps)
        .build();
  }

  /**
   * Returns one record for all suppressed attempts of one user and cgroup, by one call and with one
   * result, or for all suppressed requests.
   *
   * @param sum the summary of the attempts or requests
   */
  LoadRecord summary(LoadEvent.Suppressed sum, List<String> findings) {
    Event event = sum.event();
    long count = Math.max(1, Attempt.number(event, "count", 1));
    long first = Attempt.number(event, "first", event.timestampNanos());
    Long returned = event.returnValue();
    boolean asked = sum.ofRequests();
    boolean unload = event.syscall().equals(EventNames.DELETE_MODULE);
    boolean manyUsers =
        event.argument("many_users").orElse(null) instanceof Value.Bool(boolean many) && many;
    String who = asked ? "requester" : "loader";
    var gaps = new ArrayList<LoadRecord.Gap>();
    LoadRecord.Outcome outcome = unload ? LoadRecord.Outcome.UNLOADED : LoadRecord.Outcome.LOADED;
    String reason = null;
    if (asked && (returned == null || returned >= 0)) {
      outcome = LoadRecord.Outcome.UNKNOWN;
      returned = null;
      gaps.add(
          new LoadRecord.Gap(
              "outcome",
              "held back, since too many were made at once: what each led to is not known"));
    } else if (returned == null || returned < 0) {
      outcome =
          returned != null && Errno.ofReturnValue(returned).filter(Errno::isRefusal).isPresent()
              ? LoadRecord.Outcome.REFUSED
              : LoadRecord.Outcome.FAILED;
      reason =
          (manyUsers
                  ? "held back, since too many users and cgroups that made none before made one at"
                      + " once: each ended with "
                  : "held back, since this user and cgroup made too many at once: each ended with ")
              + (returned == null ? "an unknown result" : Reasons.name(returned));
    }
    if (count > 1) {
      gaps.add(new LoadRecord.Gap(who + ".pid", "of many: it is that of the last"));
    }
    if (manyUsers) {
      gaps.add(new LoadRecord.Gap(who + ".uid", "of many users and cgroups"));
    }
    if (asked) {
      gaps.add(new LoadRecord.Gap("requester.alias", "held back: only their number is known"));
    }
    LoadRecord.ProcessDetails process = process(event, null, who, gaps);
    LoadRecord.Builder summary =
        LoadRecord.builder(
                RecordIds.of(first, event.process().hostProcessId()) + "-" + count,
                first,
                asked
                    ? LoadRecord.Action.REQUEST
                    : unload ? LoadRecord.Action.UNLOAD : LoadRecord.Action.LOAD)
            .durationNanos(
                Math.max(0, Attempt.number(event, "last", event.timestampNanos()) - first))
            .host(host(event))
            .result(outcome, returned, reason)
            .in(event.container(), event.kubernetes())
            .findings(findings)
            .repeats((int) Math.min(Integer.MAX_VALUE, count))
            .gaps(gaps);
    return asked
        ? summary.requester(new LoadRecord.Requester(null, process, null)).build()
        : summary
            .route(new LoadRecord.Route(event.syscall(), null, List.of(), null, false, null, false))
            .loader(process)
            .build();
  }

  private LoadRecord.Host host(Event event) {
    return host.name() != null || event.hostName().isEmpty()
        ? host
        : new LoadRecord.Host(
            event.hostName(), host.machineId(), host.bootId(), host.kernel(), host.arch());
  }

  private static LoadRecord.Route route(
      Attempt attempt,
      Reasons.@Nullable Call call,
      @Nullable ImageFacts image,
      SensorContext.@Nullable FileIdentity file,
      boolean requested,
      List<LoadRecord.Gap> gaps) {
    if (call == null) {
      return LoadRecord.Route.NONE;
    }
    String params = null;
    if (call != Reasons.Call.DELETE) {
      String callers = attempt.text(Part.CALL, "param_values");
      String kernels = attempt.text(Part.COMING, "param_values");
      params = kernels == null ? callers : kernels;
      if (callers != null && kernels != null && !callers.equals(kernels)) {
        gaps.add(
            new LoadRecord.Gap(
                "route.params",
                "the caller's memory had others before the kernel took its copy, which is here"));
      }
      if (params == null && attempt.source() == null) {
        gaps.add(
            new LoadRecord.Gap(
                "route.params", attempt.has(Part.CALL) ? unread(attempt) : "no event has them"));
      }
      if (attempt.fromSensor()) {
        addIfCut("route.params", params, gaps);
      }
    }
    Long bits = attempt.number(Part.CALL, "flags");
    List<String> flags = List.of();
    if (bits != null && call == Reasons.Call.FINIT) {
      flags = BitNames.loadFlags(bits);
    } else if (bits != null && call == Reasons.Call.DELETE) {
      flags = BitNames.deleteFlags(bits);
    }
    return new LoadRecord.Route(
        call.syscall,
        abi(attempt),
        flags,
        params,
        call == Reasons.Call.INIT && file == null && attempt.source() == null,
        image == null ? null : image.compression(),
        requested || attempt.alias != null);
  }

  /** Returns why a string of the caller is not known. Each hook of its call tried to read it. */
  private static String unread(Attempt attempt) {
    SensorContext context = attempt.context();
    return context == null || context.stringsHidden()
        ? "could not be read from the caller's memory"
        : "could not be read from the caller's memory: the page was never mapped while the"
            + " kernel worked";
  }

  /**
   * Returns the least number of bytes that the text took in memory. Each byte that was not UTF-8
   * appears as {@code \\xNN}.
   */
  private static int leastBytesOf(String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    return bytes - 3 * (int) WRITTEN_OUT.matcher(text).results().count();
  }

  private static @Nullable String abi(Attempt attempt) {
    SourceContext source = attempt.source();
    if (source != null && source.source().equals(SourceContext.FALCO)) {
      return null;
    }
    return attempt.ofProcess().compat() ? "compat" : "native";
  }

  private static LoadRecord.ModuleDetails module(
      Attempt attempt, @Nullable SensorContext context, List<LoadRecord.Gap> gaps) {
    Long bits = attempt.taints();
    List<String> taints = bits == null ? new ArrayList<>() : BitNames.taints(bits);
    if (context != null && context.signatureMissing() && !taints.contains("UNSIGNED")) {
      taints.add("UNSIGNED");
    }
    Part described = attempt.has(Part.LOAD) ? Part.LOAD : Part.FREE;
    String version = attempt.text(described, "version");
    String srcversion = attempt.text(described, "src_version");
    if (attempt.fromSensor()) {
      addIfCut("module.version", version, gaps);
      addIfCut("module.srcversion", srcversion, gaps);
    }
    return LoadRecord.ModuleDetails.ofKernel(
        attempt.moduleName(),
        nonEmpty(version),
        nonEmpty(srcversion),
        taints,
        attempt.sizeBytes(),
        List.of());
  }

  private static void addIfCut(String field, @Nullable String text, List<LoadRecord.Gap> gaps) {
    if (text != null && leastBytesOf(text) >= MAX_TEXT_BYTES) {
      gaps.add(
          new LoadRecord.Gap(field, "no more than %d bytes are taken".formatted(MAX_TEXT_BYTES)));
    }
  }

  private static LoadRecord.@Nullable ModuleFile file(
      Attempt attempt,
      SensorContext.@Nullable FileIdentity file,
      LoadRecord.Place place,
      LoadRecord.@Nullable PackageOwner owner,
      List<LoadRecord.Gap> gaps) {
    if (file == null) {
      if (attempt.call() == Reasons.Call.FINIT
          && attempt.stage() != Reasons.Stage.ENTRY
          && attempt.source() == null) {
        gaps.add(new LoadRecord.Gap("file", "no event names it"));
      }
      return null;
    }
    if (file.is(FileTrait.LATE) && attempt.call() == Reasons.Call.FINIT) {
      gaps.add(
          new LoadRecord.Gap(
              "file",
              "it was looked for only after it had been read: it is what the caller had open then,"
                  + " and may be another"));
    }
    if (file.is(FileTrait.CUT)) {
      gaps.add(new LoadRecord.Gap("file.path", NOT_IN_FULL));
    }
    return new LoadRecord.ModuleFile(
        file.path(),
        file.device(),
        file.inode(),
        file.ctimeNanos(),
        file.is(FileTrait.DELETED),
        place,
        owner);
  }

  /**
   * Returns the place of a file. A container's module tree may not be that of the running kernel. A
   * path in the tree may lead to another file in another mount namespace. A file in the root
   * directory may have the name of a memfd.
   */
  private LoadRecord.Place place(
      SensorContext.@Nullable FileIdentity file, Event loader, boolean fromSensor) {
    if (file == null) {
      return LoadRecord.Place.OTHER;
    }
    LoadRecord.Place place = LoadRecord.Place.of(file.path(), host.kernel());
    String container = loader.container().id();
    boolean isElsewhere =
        (container != null && !container.isEmpty()) || Boolean.FALSE.equals(file.here());
    boolean isTaken =
        switch (place) {
          case DISTRIBUTION, UPDATES -> isElsewhere;
          case MEMFD -> fromSensor && !file.is(FileTrait.ANONYMOUS);
          default -> false;
        };
    return isTaken ? LoadRecord.Place.OTHER : place;
  }

  private LoadRecord.@Nullable Requester requester(Attempt attempt, List<LoadRecord.Gap> gaps) {
    Requests.Request request = attempt.request;
    if (request == null) {
      return null;
    }
    Event event = request.best();
    SensorContext.Task task = SensorContexts.of(event).map(SensorContext::task).orElse(null);
    String path = startedAs(attempt);
    if (path == null && task != null) {
      path = task.modprobePath();
    }
    return new LoadRecord.Requester(
        nonEmpty(request.alias), process(event, task, "requester", gaps), otherModprobe(path));
  }

  /**
   * Returns the program that the kernel starts, if it differs from the one at the start of
   * Kmodwatch; null otherwise.
   */
  private @Nullable String otherModprobe(@Nullable String path) {
    return path != null && modprobePath != null && !path.equals(modprobePath) ? path : null;
  }

  /**
   * Returns the program that the kernel started. The kernel passes it as the first argument
   * (kernel/module/kmod.c), so later changes of the path do not affect it.
   */
  private static @Nullable String startedAs(Attempt attempt) {
    SensorContext context = attempt.context();
    SensorContext.Task loader = context == null ? null : context.task();
    return attempt.alias == null || loader == null || loader.arguments().isEmpty()
        ? null
        : loader.arguments().getFirst();
  }

  private LoadRecord.ProcessDetails process(
      Event event, SensorContext.@Nullable Task task, String field, List<LoadRecord.Gap> gaps) {
    ProcessContext process = event.process();
    if (task == null) {
      gaps.add(
          new LoadRecord.Gap(field + ".args", "no event with the details of the process was seen"));
      var namespaces = new LinkedHashMap<String, Long>();
      if (process.mountNamespace() != 0) {
        namespaces.put("mnt", process.mountNamespace());
      }
      if (process.pidNamespace() != 0) {
        namespaces.put("pid", process.pidNamespace());
      }
      return details(process, List.of(), null, null, null, List.of(), namespaces, null, List.of());
    }
    if (task.arguments().isEmpty()) {
      gaps.add(new LoadRecord.Gap(field + ".args", "could not be read"));
    } else if (task.argumentsCut()) {
      gaps.add(new LoadRecord.Gap(field + ".args", "longer than what was read"));
    }
    if (task.cgroupPath().isEmpty() && nonEmpty(process.executablePath()) == null) {
      gaps.add(new LoadRecord.Gap(field + ".exe", "could not be read"));
    }
    if (task.cgroupPath().isEmpty()) {
      gaps.add(new LoadRecord.Gap(field + ".cgroup", "could not be read"));
    } else if (task.cgroupPath().contains("/" + SensorContext.CUT)) {
      gaps.add(new LoadRecord.Gap(field + ".cgroup", NOT_IN_FULL));
    }
    if (isCut(process.executablePath())) {
      gaps.add(new LoadRecord.Gap(field + ".exe", NOT_IN_FULL));
    }
    if (task.ancestors().stream().anyMatch(ancestor -> isCut(ancestor.executablePath()))) {
      gaps.add(new LoadRecord.Gap(field + ".ancestors", NOT_IN_FULL));
    }
    if (task.ancestors().size() >= MAX_ANCESTORS
        && task.ancestors().getLast().hostProcessId() > LAST_ANCESTOR) {
      gaps.add(
          new LoadRecord.Gap(
              field + ".ancestors", "no more than %d are taken".formatted(MAX_ANCESTORS)));
    }
    var ancestors = new ArrayList<LoadRecord.Ancestor>();
    for (SensorContext.Ancestor ancestor : task.ancestors()) {
      ancestors.add(
          new LoadRecord.Ancestor(
              ancestor.hostProcessId(), ancestor.name(), ancestor.executablePath()));
    }
    return details(
        process,
        task.arguments(),
        task.effectiveUserId(),
        set(task.loginUserId()),
        set(task.sessionId()),
        capabilities(task.effectiveCapabilities()),
        task.namespaces(),
        nonEmpty(task.cgroupPath()),
        ancestors);
  }

  private static boolean isCut(@Nullable String path) {
    return path != null && path.startsWith(SensorContext.CUT);
  }

  /** Returns the process from a source that lists unknown facts in its gaps. */
  private static LoadRecord.ProcessDetails process(ProcessContext process, SourceContext source) {
    List<LoadRecord.Ancestor> parent =
        process.hostParentProcessId() == 0
            ? List.of()
            : List.of(
                new LoadRecord.Ancestor(
                    process.hostParentProcessId(),
                    source.parentName() == null ? "" : source.parentName(),
                    source.parentExecutable()));
    return details(
        process,
        source.arguments(),
        source.effectiveUserId(),
        set(source.loginUserId()),
        set(source.sessionId()),
        List.of(),
        Map.of(),
        null,
        parent);
  }

  private List<String> capabilities(long set) {
    if (set != capabilitySet) {
      capabilitySet = set;
      capabilityNames = List.copyOf(BitNames.capabilities(set));
    }
    return capabilityNames;
  }

  private static LoadRecord.ProcessDetails details(
      ProcessContext process,
      List<String> args,
      @Nullable Long euid,
      @Nullable Long loginUid,
      @Nullable Long sessionId,
      List<String> capabilities,
      Map<String, Long> namespaces,
      @Nullable String cgroup,
      List<LoadRecord.Ancestor> ancestors) {
    return new LoadRecord.ProcessDetails(
        process.processId(),
        process.threadId(),
        process.parentProcessId(),
        process.hostProcessId(),
        process.processName(),
        nonEmpty(process.executablePath()),
        args,
        process.userId(),
        euid,
        loginUid,
        sessionId,
        capabilities,
        process.threadStartTimeNanos(),
        namespaces,
        cgroup,
        ancestors);
  }

  private static @Nullable Long set(@Nullable Long id) {
    return id == null || id == UNSET ? null : id;
  }

  private static @Nullable String nonEmpty(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }
}

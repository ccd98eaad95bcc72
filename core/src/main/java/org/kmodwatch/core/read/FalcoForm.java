package org.kmodwatch.core.read;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.audit.CallProgress;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SourceContext;
import org.kmodwatch.core.event.Value;

/**
 * Reads Falco's alerts in the form of {@code json_output}: {@code rule}, {@code time}, {@code
 * hostname} and {@code output_fields}. The last has the fields that the rule's text names
 * (falco.org/docs/reference/rules/supported-fields). An alert is of use if its {@code evt.type} is
 * a module system call. Its other fields depend on the rule. A missing field becomes a gap.
 */
final class FalcoForm {

  private static final Set<String> CALLS =
      Set.of(EventNames.INIT_MODULE, EventNames.FINIT_MODULE, EventNames.DELETE_MODULE);

  private static final String SUCCESS = "SUCCESS";

  /** The container id that Falco writes for a process outside containers. */
  private static final String NO_CONTAINER = "host";

  private final ObjectFields alert;
  private final ObjectFields output;
  private final String call;
  private final List<SourceContext.Missing> missing = new ArrayList<>();

  private FalcoForm(ObjectFields alert, ObjectFields output, String call) {
    this.alert = alert;
    this.output = output;
    this.call = call;
  }

  /** Returns whether a line's object is an alert. */
  static boolean isFalco(Map<String, Value> fields) {
    return fields.get("rule") instanceof Value.Str
        && fields.get("output_fields") instanceof Value.Obj;
  }

  /**
   * Returns the alert's events; an empty list if it is not about a module system call.
   *
   * @throws BadLineException if the alert is of use, but has an invalid field
   */
  static List<Event> read(Map<String, Value> line) {
    var alert = new ObjectFields("", line);
    ObjectFields output = alert.object("output_fields");
    return output.left().get("evt.type") instanceof Value.Str(String type) && CALLS.contains(type)
        ? new FalcoForm(alert, output, type).events()
        : List.of();
  }

  private List<Event> events() {
    long timeNanos = timeNanos();
    Long returned = returnValue();
    String host = alert.stringOrEmpty("hostname");
    if (host.isEmpty()) {
      gap("host", "the alert has no hostname");
    }
    gap("durationNs", "an alert does not say when the call began or returned");
    gap("route.abi", "an alert does not say by which table the call came");
    boolean loads = !call.equals(EventNames.DELETE_MODULE);
    boolean fromFile = call.equals(EventNames.FINIT_MODULE);
    boolean taken = CallProgress.imageTaken(call, returned, null);
    String comm = output.string("proc.name");
    String commandLine = output.string("proc.cmdline");
    String file = fromFile ? file(comm, commandLine) : null;
    gap("module", "an alert has nothing of it");
    if (loads) {
      ofLoad(returned, taken);
    }
    if (!call.equals(EventNames.INIT_MODULE)) {
      gap("route.flags", "an alert does not have them");
    }
    ProcessContext process = process(comm, commandLine);
    ContainerContext container = container();
    Long loginUser = output.unsigned32("user.loginuid");
    var context =
        new SourceContext(
            SourceContext.FALCO,
            0,
            null,
            file,
            taken,
            false,
            null,
            loginUser == null ? null : Long.valueOf(loginUser & 0xffff_ffffL),
            null,
            List.of(),
            output.string("proc.pname"),
            output.string("proc.pexepath"),
            false,
            missing);
    var events = new ArrayList<Event>(2);
    if (fromFile && taken) {
      var args = new ArrayList<Argument>(2);
      if (file != null) {
        args.add(new Argument("pathname", "const char*", Value.of(file)));
      }
      args.add(new Argument("type", "string", Value.of("kernel-module")));
      events.add(
          event(
              timeNanos,
              process,
              host,
              container,
              "",
              EventNames.SECURITY_KERNEL_READ_FILE,
              returned != null && returned >= 0 ? 0L : null,
              args,
              context));
    }
    events.add(
        event(
            timeNanos,
            process,
            host,
            container,
            CallProgress.eventId(call),
            call,
            returned,
            List.of(),
            context));
    return events;
  }

  private Event event(
      long timeNanos,
      ProcessContext process,
      String host,
      ContainerContext container,
      String eventId,
      String eventName,
      @Nullable Long returnValue,
      List<Argument> args,
      SourceContext context) {
    return Event.builder(eventName, timeNanos)
        .process(process)
        .hostName(host)
        .container(container)
        .kubernetes(
            new KubernetesContext(
                known("k8s.pod.name"), known("k8s.ns.name"), known("k8s.pod.uid"), null))
        .eventId(eventId)
        .returnValue(returnValue)
        .syscall(call)
        .containerStarted(container.id() != null)
        .args(args)
        .unknownFields(context.toUnknownFields())
        .build();
  }

  private void gap(String field, String why) {
    missing.add(new SourceContext.Missing(field, why));
  }

  private @Nullable String known(String key) {
    return output.left().get(key) instanceof Value.Str(String text) && !text.isEmpty()
        ? text
        : null;
  }

  /**
   * Returns the time of the alert. {@code evt.time} has all nanoseconds, but a rule may omit it.
   */
  private long timeNanos() {
    for (String key : List.of("evt.time", "evt.rawtime")) {
      if (output.left().get(key) instanceof Value.Num number && number.signed().isPresent()) {
        return number.signed().getAsLong();
      }
    }
    String time = alert.string("time");
    if (time == null) {
      throw alert.missing("time");
    }
    OptionalLong ordinary = Rfc3339.nanos(time);
    if (ordinary.isPresent()) {
      return ordinary.getAsLong();
    }
    try {
      Instant instant = OffsetDateTime.parse(time).toInstant();
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    } catch (DateTimeException | ArithmeticException e) {
      throw alert.wrong("time", "a time as in RFC 3339", Value.of(time));
    }
  }

  /**
   * Returns the result of the call: {@code evt.rawres} as a number, or {@code evt.res} as a word.
   */
  private @Nullable Long returnValue() {
    Long raw = output.signed("evt.rawres");
    String word = output.string("evt.res");
    if (raw != null) {
      return raw;
    }
    if (SUCCESS.equals(word)) {
      return 0L;
    }
    for (Errno errno : Errno.values()) {
      if (errno.name().equals(word)) {
        return (long) -errno.number();
      }
    }
    gap(
        "returnValue",
        "the alert has no result of the call; evt.res in the rule's output has it do so");
    return null;
  }

  private @Nullable String file(@Nullable String comm, @Nullable String commandLine) {
    String opened = known("fd.name");
    if (opened != null && opened.startsWith("/")) {
      return opened;
    }
    String prefix = "insmod ";
    if ("insmod".equals(comm)
        && commandLine != null
        && commandLine.startsWith(prefix + "/")
        && commandLine.indexOf(' ', prefix.length()) < 0) {
      gap(
          "file",
          "path and place are by the loader's command line; the alert does not say which file was"
              + " open");
      return commandLine.substring(prefix.length());
    }
    gap(
        "file",
        "the alert does not say which file was open; fd.name in the rule's output has it do so");
    return null;
  }

  private void ofLoad(@Nullable Long returned, boolean taken) {
    gap("route.params", "an alert does not have them");
    if (call.equals(EventNames.INIT_MODULE)) {
      gap("route.memoryOnly", "an alert does not say whether the caller had a module file open");
    }
    gap("image", "an alert has nothing of the module's bytes");
    if (taken && returned != null && returned < 0) {
      gap("codeMayHaveRun", "an alert does not say how far the attempt came");
    }
  }

  private ProcessContext process(@Nullable String comm, @Nullable String commandLine) {
    gap(
        "loader",
        "an alert has no start time, capabilities, namespaces, cgroup, nor ancestors past the"
            + " parent, and of ids only what its rule names");
    gap(
        "loader.args",
        commandLine == null
            ? "the alert does not have them"
            : "an alert has them with blanks between: " + Json.shortened(commandLine));
    Long userId = output.unsigned32("user.uid");
    if (userId == null && "root".equals(known("user.name"))) {
      userId = 0L;
    }
    if (userId == null) {
      gap("loader.uid", "the alert has none; user.uid in the rule's output has it do so");
    }
    int pid = output.intOrZero("proc.pid");
    if (pid == 0) {
      gap("loader.hostPid", "the alert has none; proc.pid in the rule's output has it do so");
    }
    return new ProcessContext(
        0,
        0,
        output.intOrZero("proc.vpid"),
        output.intOrZero("thread.vtid"),
        0,
        pid,
        output.intOrZero("thread.tid"),
        output.intOrZero("proc.ppid"),
        0,
        userId == null ? ProcessContext.UNKNOWN_USER : userId & 0xffff_ffffL,
        0,
        0,
        comm == null ? "" : comm,
        known("proc.exepath"),
        null);
  }

  private ContainerContext container() {
    String id = known("container.id");
    if (id == null) {
      gap("container", "the alert does not say");
    }
    return id == null || id.equals(NO_CONTAINER)
        ? ContainerContext.NONE
        : new ContainerContext(
            id, known("container.name"), known("container.image.repository"), null, null);
  }
}

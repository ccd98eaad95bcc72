package org.kmodwatch.core.audit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SourceContext;
import org.kmodwatch.core.event.Value;

/**
 * A module system call, joined from the records that an audit log has of it.
 *
 * @param call its SYSCALL record
 * @param moduleSeen whether the log has a KERN_MODULE record of the call
 * @param moduleName the name in the KERN_MODULE record; null if the kernel did not know the name
 * @param workingDirectory the path in the CWD record; null without that record
 * @param title its PROCTITLE record; null without one
 * @param parentName the parent's comm, which laurel adds; null otherwise
 * @param parentExecutable the parent's executable file, which laurel adds; null otherwise
 * @param container the container, which laurel adds; {@link ContainerContext#NONE} otherwise
 */
public record AuditEvent(
    AuditRecord.Call call,
    boolean moduleSeen,
    @Nullable String moduleName,
    @Nullable String workingDirectory,
    AuditRecord.@Nullable Title title,
    @Nullable String parentName,
    @Nullable String parentExecutable,
    ContainerContext container) {

  /**
   * Process id of kthreadd, the parent of all kernel threads. The kernel's helper programs that it
   * does not wait for have this parent too.
   */
  private static final int KTHREADD = 2;

  /** Creates an event without the fields that laurel adds. */
  public AuditEvent(
      AuditRecord.Call call,
      boolean moduleSeen,
      @Nullable String moduleName,
      @Nullable String workingDirectory,
      AuditRecord.@Nullable Title title) {
    this(call, moduleSeen, moduleName, workingDirectory, title, null, null, ContainerContext.NONE);
  }

  /**
   * Returns the call as events in our own terms. If the kernel must have read a module file, a
   * {@code security_kernel_read_file} event comes before the event of the call.
   *
   * @throws AuditException if the call's architecture, and therefore the call, is not known
   */
  public List<Event> toEvents() {
    String name = call.name();
    if (name == null) {
      throw new AuditException(
          "the number of a system call says nothing here, though it is one on modules: "
              + AuditException.shown(call.unknown())
              + "; remedy: log_format = ENRICHED in auditd.conf names calls");
    }
    boolean loads = !name.equals(EventNames.DELETE_MODULE);
    boolean fromFile = name.equals(EventNames.FINIT_MODULE);
    boolean taken =
        loads
            && (moduleSeen
                || CallProgress.imageTaken(name, call.exit(), fromFile ? null : call.argument(1)));
    CommandLine commandLine =
        CommandLine.of(title == null ? List.of() : title.arguments(), workingDirectory);
    // The kernel may have cut the last argument.
    boolean whole = title != null && !title.cut();
    String path = fromFile && whole ? commandLine.modulePath() : null;
    var context =
        new SourceContext(
            SourceContext.AUDIT,
            call.id().serial(),
            moduleName,
            path,
            taken,
            loads && CallProgress.codeMayHaveRun(call.exit(), moduleName),
            call.effectiveUserId(),
            call.loginUserId(),
            call.sessionId(),
            title == null ? List.of() : title.arguments(),
            parentName,
            parentExecutable,
            isOfKernel(),
            missing(name, taken, path, commandLine));
    var events = new ArrayList<Event>(2);
    if (fromFile && taken) {
      var args = new ArrayList<Argument>(2);
      if (path != null) {
        args.add(new Argument("pathname", "const char*", Value.of(path)));
      }
      args.add(new Argument("type", "string", Value.of("kernel-module")));
      boolean allowed = moduleSeen || (call.exit() != null && call.exit() >= 0);
      events.add(
          event(
              EventNames.SECURITY_KERNEL_READ_FILE, "", name, allowed ? 0L : null, args, context));
    }
    events.add(
        event(name, CallProgress.eventId(name), name, call.exit(), arguments(name), context));
    return events;
  }

  private Event event(
      String eventName,
      String eventId,
      String syscall,
      @Nullable Long returnValue,
      List<Argument> args,
      SourceContext context) {
    return Event.builder(eventName, call.id().timeNanos())
        .process(process())
        .hostName(call.id().node())
        .container(container)
        .eventId(eventId)
        .returnValue(returnValue)
        .syscall(syscall)
        .containerStarted(container.id() != null)
        .compat(call.compat())
        .args(args)
        .unknownFields(context.toUnknownFields())
        .build();
  }

  /**
   * Returns the process. Thread ids and namespace ids are 0: the log has only process ids of the
   * host.
   */
  private ProcessContext process() {
    Integer parent = call.parentId();
    return new ProcessContext(
        0,
        0,
        0,
        0,
        0,
        call.processId(),
        0,
        parent == null ? 0 : parent,
        0,
        call.userId(),
        0,
        0,
        call.comm(),
        call.executable(),
        null);
  }

  private List<Argument> arguments(String name) {
    var args = new ArrayList<Argument>(2);
    switch (name) {
      case EventNames.FINIT_MODULE -> {
        add(args, "fd", "int", asInt(call.argument(0)));
        add(args, "flags", "int", asInt(call.argument(2)));
      }
      case EventNames.INIT_MODULE -> {
        add(args, "umod", "void*", call.argument(0));
        add(args, "len", "unsigned long", call.argument(1));
      }
      default -> {
        if (moduleName != null) {
          args.add(new Argument("name", "const char*", Value.of(moduleName)));
        }
        add(args, "flags", "int", asInt(call.argument(1)));
      }
    }
    return args;
  }

  private static void add(List<Argument> args, String name, String type, @Nullable Long value) {
    if (value != null) {
      args.add(
          new Argument(name, type, type.equals("int") ? Value.of(value) : Value.ofUnsigned(value)));
    }
  }

  /** Returns the lower half of a register. The kernel looks at no other bits of an {@code int}. */
  private static @Nullable Long asInt(@Nullable Long register) {
    if (register == null) {
      return null;
    }
    long bits = register;
    return bits << Integer.SIZE >> Integer.SIZE;
  }

  private boolean isOfKernel() {
    Integer parent = call.parentId();
    return parent != null && parent == KTHREADD;
  }

  private List<SourceContext.Missing> missing(
      String name, boolean taken, @Nullable String path, CommandLine commandLine) {
    var gaps = new Gaps();
    if (call.exit() == null) {
      gaps.add("returnValue", "the log has no result: the process ended inside the call");
    }
    gaps.add("durationNs", "an audit log does not say when the call returned");
    if (call.id().node().isEmpty()) {
      gaps.add("host", "the log names no node; auditd's name_format has it do so");
    }
    if (!name.equals(EventNames.DELETE_MODULE)) {
      gaps.ofLoad(this, name, taken, path, commandLine);
    } else if (moduleName == null) {
      gaps.add("module.name", "there is no KERN_MODULE record; the log has its address only");
    }
    gaps.ofProcess(this, commandLine);
    return gaps.all();
  }
}

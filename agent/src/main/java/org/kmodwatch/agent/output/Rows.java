package org.kmodwatch.agent.output;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.Finding;

/**
 * Makes rows of events and findings. A system call's event says what it returned but not what was
 * loaded; that was said by earlier events of the same thread, so what each thread is loading is
 * kept from its first event until its call has returned.
 */
final class Rows {

  /** A thread that never returns from its call would stay for ever: past this many, oldest go. */
  static final int MAX_THREADS = 1024;

  private final UserNames users;
  private final Map<Integer, String> moduleByHostThread = new LinkedHashMap<>();

  Rows(UserNames users) {
    this.users = users;
  }

  Row ofFinding(Finding finding) {
    Event event = finding.event();
    return new Row(
        event.timestampNanos(),
        finding.metadata().id(),
        who(event),
        module(event),
        "raised by " + event.eventName(),
        Row.Tone.FINDING);
  }

  /** The row that {@code event} is worth, if it is worth one. */
  Optional<Row> ofEvent(Event event) {
    return switch (event.eventName()) {
      case EventNames.INIT_MODULE, EventNames.FINIT_MODULE, EventNames.INIT_MODULE_RETURN ->
          Optional.of(ofLoad(event));
      case EventNames.DELETE_MODULE ->
          Optional.of(row(event, "unload", module(event), outcome(event, "unloaded")));
      case EventNames.SECURITY_KERNEL_MODULE_REQUEST -> Optional.of(ofRequest(event));
      case EventNames.SECURITY_KERNEL_READ_FILE,
          EventNames.MODULE_COMING,
          EventNames.MODULE_LOAD -> {
        remember(event);
        yield Optional.empty();
      }
      default -> Optional.empty();
    };
  }

  private Row ofLoad(Event event) {
    Row row = row(event, "load", module(event), outcome(event, "loaded"));
    if (event.returnValue() != null) {
      moduleByHostThread.remove(event.process().hostThreadId());
    }
    return row;
  }

  private Row ofRequest(Event event) {
    Long returned = event.returnValue();
    Outcome outcome =
        returned == null || returned == 0
            ? new Outcome("kernel starts modprobe", Row.Tone.PLAIN)
            : outcome(event, "");
    return row(event, "request", module(event), outcome);
  }

  private Row row(Event event, String what, String module, Outcome outcome) {
    return new Row(
        event.timestampNanos(), what, who(event), module, outcome.text(), outcome.tone());
  }

  private void remember(Event event) {
    argument(event, isReadFile(event) ? "pathname" : "name")
        .ifPresent(
            module -> {
              int thread = event.process().hostThreadId();
              moduleByHostThread.remove(thread);
              moduleByHostThread.put(thread, module);
              if (moduleByHostThread.size() > MAX_THREADS) {
                moduleByHostThread.remove(moduleByHostThread.keySet().iterator().next());
              }
            });
  }

  private static boolean isReadFile(Event event) {
    return event.eventName().equals(EventNames.SECURITY_KERNEL_READ_FILE);
  }

  /** What the event itself says, else what its thread said before, else what little is known. */
  private String module(Event event) {
    return argument(event, "pathname")
        .or(() -> argument(event, "kmod_name"))
        .or(() -> argument(event, "name"))
        .or(() -> Optional.ofNullable(moduleByHostThread.get(event.process().hostThreadId())))
        .or(() -> size(event))
        .or(() -> descriptor(event))
        .orElse("-");
  }

  private static Optional<String> argument(Event event, String name) {
    return event.stringArgument(name).filter(text -> !text.isEmpty());
  }

  private static Optional<String> size(Event event) {
    return event
        .argument("len")
        .flatMap(v -> v instanceof Value.Num n ? Optional.of(n.text()) : Optional.empty())
        .map("(memory, %s bytes)"::formatted);
  }

  private static Optional<String> descriptor(Event event) {
    return event
        .argument("fd")
        .flatMap(v -> v instanceof Value.Num n ? Optional.of(n.text()) : Optional.empty())
        .map("(descriptor %s)"::formatted);
  }

  private String who(Event event) {
    return "%s[%d] %s"
        .formatted(
            event.process().processName(),
            event.process().hostProcessId(),
            users.nameOf(event.process().userId()));
  }

  private static Outcome outcome(Event event, String done) {
    Long returned = event.returnValue();
    if (returned == null) {
      return new Outcome("has not returned", Row.Tone.FAILED);
    }
    if (returned >= 0) {
      return new Outcome(done, Row.Tone.DONE);
    }
    Optional<Errno> errno = Errno.ofReturnValue(returned);
    String reason =
        errno.map(e -> e.name() + " " + e.text()).orElse("errno " + Math.negateExact(returned));
    return errno.filter(Errno::isRefusal).isPresent()
        ? new Outcome("refused: " + reason, Row.Tone.REFUSED)
        : new Outcome("failed: " + reason, Row.Tone.FAILED);
  }

  private record Outcome(String text, Row.Tone tone) {}
}

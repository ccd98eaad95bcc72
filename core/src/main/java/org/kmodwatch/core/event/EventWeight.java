package org.kmodwatch.core.event;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Estimates how many bytes of the heap an event takes. The caller of a system call chooses the
 * length of its paths, arguments and parameters. Buffers are therefore limited by this estimate and
 * not by a number of events.
 */
public final class EventWeight {

  /** The bytes that an event takes without its texts: objects, lists, and the maps between them. */
  private static final long OF_EVENT = 512;

  private static final long OF_VALUE = 48;

  private static final long OF_ADDRESS = 24;

  /**
   * The ordinary length of names, identifiers and digests. {@link #OF_EVENT} already counts texts
   * up to this length.
   */
  private static final int ORDINARY_LENGTH = 96;

  private EventWeight() {}

  /** Returns about how many bytes of the heap {@code event} takes, including its texts. */
  public static long of(Event event) {
    ProcessContext process = event.process();
    ContainerContext container = event.container();
    KubernetesContext kubernetes = event.kubernetes();
    long sum =
        OF_EVENT
            + of(event.hostName())
            + of(process.processName())
            + of(process.executablePath())
            + beyondOrdinary(event.source())
            + beyondOrdinary(event.eventId())
            + beyondOrdinary(event.eventName())
            + beyondOrdinary(event.syscall())
            + beyondOrdinary(container.id())
            + beyondOrdinary(container.name())
            + beyondOrdinary(container.image())
            + beyondOrdinary(container.imageDigest())
            + beyondOrdinary(container.runtime())
            + beyondOrdinary(kubernetes.podName())
            + beyondOrdinary(kubernetes.podNamespace())
            + beyondOrdinary(kubernetes.podUid())
            + of(event.metadata());
    if (event.matchedPolicies() != null) {
      for (String policy : event.matchedPolicies()) {
        sum += of(policy);
      }
    }
    if (event.stackAddresses() != null) {
      sum += OF_ADDRESS * event.stackAddresses().size();
    }
    if (event.args() != null) {
      for (Argument argument : event.args()) {
        sum +=
            OF_VALUE
                + beyondOrdinary(argument.name())
                + beyondOrdinary(argument.type())
                + of(argument.value());
      }
    }
    SensorContext context = SensorContexts.of(event).orElse(null);
    if (context != null) {
      sum += of(context);
    }
    for (Map.Entry<String, Value> field : event.unknownFields().entrySet()) {
      if (!(field.getValue() instanceof Value.Obj(ContextFields known)) || known.wasRead()) {
        sum += OF_VALUE + of(field.getKey()) + of(field.getValue());
      }
    }
    return sum;
  }

  private static long of(SensorContext context) {
    long sum = of(context.moduleName());
    SensorContext.FileIdentity file = context.file();
    if (file != null) {
      sum += of(file.path());
    }
    SensorContext.Task task = context.task();
    if (task != null) {
      sum += of(task.cgroupPath()) + of(task.modprobePath());
      for (String argument : task.arguments()) {
        sum += of(argument);
      }
      for (SensorContext.Ancestor ancestor : task.ancestors()) {
        sum += of(ancestor.name()) + of(ancestor.executablePath());
      }
    }
    return sum;
  }

  private static long of(@Nullable Value value) {
    return switch (value) {
      case null -> 0;
      case Value.Str(String text) -> of(text);
      case Value.Num(String text) -> of(text);
      case Value.Array(List<Value> values) -> {
        long sum = OF_VALUE;
        for (Value each : values) {
          sum += OF_VALUE + of(each);
        }
        yield sum;
      }
      case Value.Obj(Map<String, Value> fields) -> {
        long sum = OF_VALUE;
        for (Map.Entry<String, Value> field : fields.entrySet()) {
          sum += OF_VALUE + of(field.getKey()) + of(field.getValue());
        }
        yield sum;
      }
      case Value.Bool ignored -> OF_VALUE;
      case Value.Null ignored -> OF_VALUE;
    };
  }

  private static long beyondOrdinary(@Nullable String text) {
    return text == null || text.length() <= ORDINARY_LENGTH ? 0 : of(text);
  }

  private static long of(@Nullable String text) {
    return text == null ? 0 : 48L + text.length();
  }
}

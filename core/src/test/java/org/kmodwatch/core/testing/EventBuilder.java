package org.kmodwatch.core.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/**
 * Builds events for tests. By default they are of insmod, pid 4242, root, at
 * 2026-11-22T20:00:00.123456789Z.
 */
public final class EventBuilder {
  private final String name;
  private long timestampNanos = 1_795_377_600_123_456_789L;
  private String processName = "insmod";
  private int processId = 4242;
  private long userId;
  private long cgroupId;
  private String syscall = "";
  private Map<String, Value> unknownFields = Map.of();
  private @Nullable Long returnValue = 0L;
  private String hostName = "host1";
  private ContainerContext container = ContainerContext.NONE;
  private KubernetesContext kubernetes = KubernetesContext.NONE;
  private boolean containerStarted;
  private @Nullable List<Argument> args = new ArrayList<>();

  private EventBuilder(String name) {
    this.name = name;
  }

  public static EventBuilder event(String name) {
    return new EventBuilder(name);
  }

  /** Returns an event on the host wren, 1 ns after the epoch, without a return value. */
  public static Event named(String name, @Nullable List<Argument> args) {
    EventBuilder builder = event(name).at(1).by("insmod", 1, 0).returned(null);
    builder.hostName = "wren";
    builder.args = args;
    return builder.build();
  }

  /** Returns a {@code security_kernel_read_file} with the argument {@code type}. */
  public static Event readFile(Value type) {
    return named("security_kernel_read_file", List.of(new Argument("type", "string", type)));
  }

  public EventBuilder at(long nanos) {
    timestampNanos = nanos;
    return this;
  }

  public EventBuilder by(String process, int pid, long user) {
    processName = process;
    processId = pid;
    userId = user;
    return this;
  }

  /** Sets the system call. */
  public EventBuilder in(String call) {
    syscall = call;
    return this;
  }

  /** Sets the id of the cgroup. */
  public EventBuilder inCgroup(long id) {
    cgroupId = id;
    return this;
  }

  /** Sets the path of the cgroup, in the sensor's context. */
  public EventBuilder inCgroup(String path) {
    var task =
        new SensorContext.Task(0, null, null, 0, Map.of(), path, List.of(), false, List.of(), null);
    return by(task);
  }

  /** Sets the sensor's context of the process. */
  public EventBuilder by(SensorContext.Task task) {
    unknownFields =
        SensorContexts.toUnknownFields(
            new SensorContext(timestampNanos, 0, false, null, null, false, null, task));
    return this;
  }

  /** Sets the times of entry and return of the call; 0 if it has not returned. */
  public EventBuilder inCall(long entryNanos, long returnNanos) {
    unknownFields =
        SensorContexts.toUnknownFields(
            new SensorContext(entryNanos, returnNanos, false, null, null, false, null, null));
    return this;
  }

  /** Sets how far the clock is ahead of a clock that nobody has set since the start. */
  public EventBuilder whileTheClockIsAheadBy(long nanos) {
    unknownFields =
        SensorContexts.toUnknownFields(
            new SensorContext(
                timestampNanos,
                0,
                false,
                false,
                null,
                null,
                false,
                null,
                null,
                null,
                null,
                nanos,
                false,
                null));
    return this;
  }

  /** Sets the container, and whether its first process has been started. */
  public EventBuilder inContainer(
      ContainerContext context, KubernetesContext pod, boolean started) {
    container = context;
    kubernetes = pod;
    containerStarted = started;
    return this;
  }

  public EventBuilder returned(@Nullable Long value) {
    returnValue = value;
    return this;
  }

  public EventBuilder with(String argument, String value) {
    return with(new Argument(argument, "string", Value.of(value)));
  }

  public EventBuilder with(String argument, long value) {
    return with(new Argument(argument, "uint64", Value.of(value)));
  }

  private EventBuilder with(Argument argument) {
    Objects.requireNonNull(args).add(argument);
    return this;
  }

  public Event build() {
    var process =
        new ProcessContext(
            0,
            0,
            processId,
            processId,
            1,
            processId,
            processId,
            1,
            cgroupId,
            userId,
            0,
            0,
            processName,
            null,
            null);
    return Event.builder(name, timestampNanos)
        .process(process)
        .hostName(hostName)
        .container(container)
        .kubernetes(kubernetes)
        .eventId("1")
        .returnValue(returnValue)
        .syscall(syscall)
        .containerStarted(containerStarted)
        .args(args)
        .unknownFields(unknownFields)
        .build();
  }
}

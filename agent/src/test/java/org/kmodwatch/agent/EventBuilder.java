package org.kmodwatch.agent;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/** Events for tests: of insmod, pid 4242, root, at 2026-11-22T20:00:00.123456789Z. */
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
  private final List<Argument> args = new ArrayList<>();

  private EventBuilder(String name) {
    this.name = name;
  }

  public static EventBuilder event(String name) {
    return new EventBuilder(name);
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

  /** In this system call. */
  public EventBuilder in(String call) {
    syscall = call;
    return this;
  }

  /** In the cgroup with this id. */
  public EventBuilder inCgroup(long id) {
    cgroupId = id;
    return this;
  }

  /** In the cgroup with this path, as the sensor says it. */
  public EventBuilder inCgroup(String path) {
    var task =
        new SensorContext.Task(0, null, null, 0, Map.of(), path, List.of(), false, List.of(), null);
    return by(task);
  }

  /** By a process of which the sensor says this. */
  public EventBuilder by(SensorContext.Task task) {
    unknownFields =
        SensorContexts.toUnknownFields(
            new SensorContext(timestampNanos, 0, false, null, null, false, null, task));
    return this;
  }

  /** In a call that was entered then, and returned then; 0 if it has not. */
  public EventBuilder inCall(long entryNanos, long returnNanos) {
    unknownFields =
        SensorContexts.toUnknownFields(
            new SensorContext(entryNanos, returnNanos, false, null, null, false, null, null));
    return this;
  }

  /** With the clock so much ahead of what it would show if nobody had set it since the start. */
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

  public EventBuilder returned(@Nullable Long value) {
    returnValue = value;
    return this;
  }

  public EventBuilder with(String argument, String value) {
    args.add(new Argument(argument, "string", Value.of(value)));
    return this;
  }

  public EventBuilder with(String argument, long value) {
    args.add(new Argument(argument, "uint64", Value.of(value)));
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
    return new Event(
        Event.SOURCE_TRACEE,
        timestampNanos,
        process,
        "host1",
        ContainerContext.NONE,
        KubernetesContext.NONE,
        "1",
        name,
        null,
        returnValue,
        syscall,
        null,
        false,
        false,
        args,
        null,
        unknownFields);
  }
}

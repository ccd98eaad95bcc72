package org.kmodwatch.core.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/**
 * Reads and writes the flat form of an event.
 *
 * <p>An inner object may have unknown keys. They stand in {@link Event#unknownFields} under the
 * object's key, and the writer merges them into the object again. For the list {@code args}, the
 * entry is an object from position to the unknown keys of that argument.
 */
final class FlatForm {

  /**
   * Keys of inner objects, whose unknown keys stand under the same key among the unknown fields.
   */
  private static final List<String> INNER =
      List.of("executable", "container", "kubernetes", "contextFlags", "args");

  /** Keys that have a component in the event. */
  private static final Set<String> KNOWN =
      Set.of(
          "timestamp",
          "threadStartTime",
          "processorId",
          "processId",
          "threadId",
          "parentProcessId",
          "hostProcessId",
          "hostThreadId",
          "hostParentProcessId",
          "cgroupId",
          "userId",
          "mountNamespace",
          "pidNamespace",
          "processName",
          "hostName",
          "eventId",
          "eventName",
          "matchedPolicies",
          "argsNum",
          "returnValue",
          "syscall",
          "stackAddresses",
          "threadEntityId",
          "processEntityId",
          "parentEntityId",
          "metadata");

  private FlatForm() {}

  /** Returns whether the flat form has a meaning for {@code key} at its top level. */
  static boolean hasMeaningFor(String key) {
    return KNOWN.contains(key) || INNER.contains(key) || key.equals("containerId");
  }

  static Event read(Map<String, Value> line) {
    var fields = new Fields("", line);
    long timestamp = fields.signedOrZero("timestamp");
    Fields executable = fields.object("executable");
    Fields container = fields.object("container");
    Fields kubernetes = fields.object("kubernetes");
    Fields flags = fields.object("contextFlags");
    ProcessContext process = readProcess(fields, executable.string("path"));
    String hostName = fields.stringOrEmpty("hostName");
    String containerId = older(fields, "containerId", container.string("id"));
    var containerContext =
        new ContainerContext(
            containerId,
            older(fields, "containerName", container.string("name")),
            older(fields, "containerImage", container.string("image")),
            container.string("imageDigest"),
            container.string("runtime"));
    var kubernetesContext =
        new KubernetesContext(
            older(fields, "podName", kubernetes.string("podName")),
            older(fields, "podNamespace", kubernetes.string("podNamespace")),
            older(fields, "podUID", kubernetes.string("podUID")),
            kubernetes.bool("podSandbox"));
    String eventId = fields.numberOrString("eventId");
    String eventName = fields.string("eventName");
    if (eventName == null || eventName.isEmpty()) {
      throw fields.missing("eventName");
    }
    List<String> policies = fields.strings("matchedPolicies");
    // The writer counts the arguments itself, but a wrong type still makes the line bad.
    fields.signed("argsNum");
    Long returnValue = fields.signed("returnValue");
    String syscall = fields.stringOrEmpty("syscall");
    List<Long> stack = fields.unsigned64s("stackAddresses");
    boolean containerStarted = flags.boolOrFalse("containerStarted");
    boolean compat = flags.boolOrFalse("isCompat");
    Value metadata = fields.take("metadata");
    List<Argument> args = readArguments(fields);
    fields.putBack("executable", executable);
    fields.putBack("container", container);
    fields.putBack("kubernetes", kubernetes);
    fields.putBack("contextFlags", flags);
    SensorContexts.readOnce(fields.left());
    return Event.builder(eventName, timestamp)
        .process(process)
        .hostName(hostName)
        .container(containerContext)
        .kubernetes(kubernetesContext)
        .eventId(eventId == null ? "" : eventId)
        .matchedPolicies(policies)
        .returnValue(returnValue)
        .syscall(syscall)
        .stackAddresses(stack)
        .containerStarted(containerStarted)
        .compat(compat)
        .args(args)
        .metadata(metadata)
        .unknownFields(fields.left())
        .build();
  }

  private static ProcessContext readProcess(Fields fields, @Nullable String executablePath) {
    return new ProcessContext(
        fields.signedOrZero("threadStartTime"),
        fields.intOrZero("processorId"),
        fields.intOrZero("processId"),
        fields.intOrZero("threadId"),
        fields.intOrZero("parentProcessId"),
        fields.intOrZero("hostProcessId"),
        fields.intOrZero("hostThreadId"),
        fields.intOrZero("hostParentProcessId"),
        fields.unsigned64OrZero("cgroupId"),
        fields.unsigned32OrZero("userId"),
        fields.unsigned32OrZero("mountNamespace"),
        fields.unsigned32OrZero("pidNamespace"),
        fields.stringOrEmpty("processName"),
        executablePath,
        entityIds(
            fields.unsigned32("threadEntityId"),
            fields.unsigned32("processEntityId"),
            fields.unsigned32("parentEntityId")));
  }

  static ProcessContext.@Nullable EntityIds entityIds(
      @Nullable Long thread, @Nullable Long process, @Nullable Long parent) {
    return thread == null && process == null && parent == null
        ? null
        : new ProcessContext.EntityIds(
            thread == null ? 0 : thread,
            process == null ? 0 : process,
            parent == null ? 0 : parent);
  }

  /**
   * Returns {@code newer}, or if that is null the value under the key of older recordings. If both
   * have a value and they differ, the older one stays among the unknown fields.
   */
  private static @Nullable String older(Fields fields, String key, @Nullable String newer) {
    String older = fields.string(key);
    if (older == null || older.isEmpty()) {
      return newer;
    }
    if (newer == null) {
      return older;
    }
    if (!newer.equals(older)) {
      fields.left().put(key, Value.of(older));
    }
    return newer;
  }

  private static @Nullable List<Argument> readArguments(Fields fields) {
    List<Value> values = fields.array("args");
    if (values == null) {
      return null;
    }
    var arguments = new ArrayList<Argument>(values.size());
    var unknown = new LinkedHashMap<String, Value>();
    for (int i = 0; i < values.size(); i++) {
      Fields argument = fields.element("args", i, values.get(i));
      String name = argument.string("name");
      if (name == null) {
        throw argument.missing("name");
      }
      Value value = argument.take("value");
      arguments.add(
          new Argument(name, argument.stringOrEmpty("type"), value == null ? Value.NULL : value));
      if (!argument.left().isEmpty()) {
        unknown.put(Integer.toString(i), new Value.Obj(argument.left()));
      }
    }
    if (!unknown.isEmpty()) {
      fields.left().put("args", new Value.Obj(unknown));
    }
    return arguments;
  }

  static void write(JsonLine out, Event event) {
    Map<String, Value> unknown = event.unknownFields();
    for (String key : unknown.keySet()) {
      if (KNOWN.contains(key)) {
        throw new IllegalArgumentException(
            "an unknown field has the key of a known one: key=" + key);
      }
    }
    ProcessContext process = event.process();
    out.writeStartObject();
    out.writeNumberProperty("timestamp", event.timestampNanos());
    out.writeNumberProperty("threadStartTime", process.threadStartTimeNanos());
    out.writeNumberProperty("processorId", process.processorId());
    out.writeNumberProperty("processId", process.processId());
    out.writeNumberProperty("threadId", process.threadId());
    out.writeNumberProperty("parentProcessId", process.parentProcessId());
    out.writeNumberProperty("hostProcessId", process.hostProcessId());
    out.writeNumberProperty("hostThreadId", process.hostThreadId());
    out.writeNumberProperty("hostParentProcessId", process.hostParentProcessId());
    out.writeName("cgroupId");
    out.writeNumber(Long.toUnsignedString(process.cgroupId()));
    out.writeNumberProperty("userId", process.userId());
    out.writeNumberProperty("mountNamespace", process.mountNamespace());
    out.writeNumberProperty("pidNamespace", process.pidNamespace());
    out.writeStringProperty("processName", process.processName());
    out.writeStringProperty("hostName", event.hostName());
    if (process.executablePath() != null || unknown.containsKey("executable")) {
      out.writeName("executable");
      out.writeStartObject();
      optional(out, "path", process.executablePath());
      writeInner(out, unknown, "executable");
    }
    writeContainer(out, event);
    out.writeStringProperty("eventId", event.eventId());
    out.writeStringProperty("eventName", event.eventName());
    if (event.matchedPolicies() != null) {
      out.writeName("matchedPolicies");
      Json.write(out, Value.ofStrings(event.matchedPolicies()));
    }
    List<Argument> args = event.args();
    out.writeNumberProperty("argsNum", args == null ? 0 : args.size());
    if (event.returnValue() != null) {
      out.writeNumberProperty("returnValue", event.returnValue());
    }
    out.writeStringProperty("syscall", event.syscall());
    writeStack(out, event.stackAddresses());
    out.writeName("contextFlags");
    out.writeStartObject();
    out.writeBooleanProperty("containerStarted", event.containerStarted());
    out.writeBooleanProperty("isCompat", event.compat());
    writeInner(out, unknown, "contextFlags");
    ProcessContext.EntityIds ids = process.entityIds();
    if (ids != null) {
      out.writeNumberProperty("threadEntityId", ids.thread());
      out.writeNumberProperty("processEntityId", ids.process());
      out.writeNumberProperty("parentEntityId", ids.parent());
    }
    writeArguments(out, args, inner(unknown, "args"));
    if (event.metadata() != null) {
      out.writeName("metadata");
      Json.write(out, event.metadata());
    }
    unknown.forEach(
        (key, value) -> {
          if (!hasMeaningFor(key)) {
            out.writeName(key);
            Json.write(out, value);
          }
        });
    out.writeEndObject();
  }

  private static void writeContainer(JsonLine out, Event event) {
    Map<String, Value> unknown = event.unknownFields();
    ContainerContext container = event.container();
    Value containerId = unknown.get("containerId");
    out.writeName("containerId");
    Json.write(
        out,
        containerId != null ? containerId : Value.of(container.id() == null ? "" : container.id()));
    out.writeName("container");
    out.writeStartObject();
    optional(out, "id", container.id());
    optional(out, "name", container.name());
    optional(out, "image", container.image());
    optional(out, "imageDigest", container.imageDigest());
    optional(out, "runtime", container.runtime());
    writeInner(out, unknown, "container");
    KubernetesContext kubernetes = event.kubernetes();
    out.writeName("kubernetes");
    out.writeStartObject();
    optional(out, "podName", kubernetes.podName());
    optional(out, "podNamespace", kubernetes.podNamespace());
    optional(out, "podUID", kubernetes.podUid());
    if (kubernetes.podSandbox() != null) {
      out.writeBooleanProperty("podSandbox", kubernetes.podSandbox());
    }
    writeInner(out, unknown, "kubernetes");
  }

  private static void writeStack(JsonLine out, @Nullable List<Long> addresses) {
    out.writeName("stackAddresses");
    if (addresses == null) {
      out.writeNull();
      return;
    }
    out.writeStartArray();
    addresses.forEach(address -> out.writeNumber(Long.toUnsignedString(address)));
    out.writeEndArray();
  }

  private static void writeArguments(
      JsonLine out, @Nullable List<Argument> args, Map<String, Value> unknown) {
    out.writeName("args");
    if (args == null) {
      out.writeNull();
      return;
    }
    out.writeStartArray();
    for (int i = 0; i < args.size(); i++) {
      Argument argument = args.get(i);
      out.writeStartObject();
      out.writeStringProperty("name", argument.name());
      out.writeStringProperty("type", argument.type());
      out.writeName("value");
      Json.write(out, argument.value());
      writeInner(out, unknown, Integer.toString(i));
    }
    out.writeEndArray();
  }

  /** Writes the unknown keys of the open object, and closes it. */
  private static void writeInner(JsonLine out, Map<String, Value> unknown, String key) {
    Json.writeFields(out, inner(unknown, key));
    out.writeEndObject();
  }

  private static Map<String, Value> inner(Map<String, Value> unknown, String key) {
    return unknown.get(key) instanceof Value.Obj(var fields) ? fields : Map.of();
  }

  private static void optional(JsonLine out, String key, @Nullable String value) {
    if (value != null) {
      out.writeStringProperty(key, value);
    }
  }
}

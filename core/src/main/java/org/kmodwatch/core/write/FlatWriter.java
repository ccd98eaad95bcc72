package org.kmodwatch.core.write;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.FlatKeys;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;

/** Writes the flat form of an event, with the unknown keys of inner objects in their objects. */
final class FlatWriter {

  private FlatWriter() {}

  /**
   * Writes {@code event} as one object.
   *
   * @throws IllegalArgumentException if an unknown field has the key of a component
   */
  static void write(JsonLine out, Event event) {
    Map<String, Value> unknown = event.unknownFields();
    for (String key : unknown.keySet()) {
      if (FlatKeys.isComponent(key)) {
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
      JsonValues.write(out, Value.ofStrings(event.matchedPolicies()));
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
      JsonValues.write(out, event.metadata());
    }
    unknown.forEach(
        (key, value) -> {
          if (!FlatKeys.hasMeaning(key)) {
            out.writeName(key);
            JsonValues.write(out, value);
          }
        });
    out.writeEndObject();
  }

  private static void writeContainer(JsonLine out, Event event) {
    Map<String, Value> unknown = event.unknownFields();
    ContainerContext container = event.container();
    Value containerId = unknown.get("containerId");
    out.writeName("containerId");
    JsonValues.write(
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
      JsonValues.write(out, argument.value());
      writeInner(out, unknown, Integer.toString(i));
    }
    out.writeEndArray();
  }

  /** Writes the unknown keys of the open object, and closes it. */
  private static void writeInner(JsonLine out, Map<String, Value> unknown, String key) {
    JsonValues.writeFields(out, inner(unknown, key));
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

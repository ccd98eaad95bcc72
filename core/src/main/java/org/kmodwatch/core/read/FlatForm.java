package org.kmodwatch.core.read;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;

/**
 * Reads the flat form of an event.
 *
 * <p>An inner object may have unknown keys. They stand in {@link Event#unknownFields} under the
 * object's key, and {@link org.kmodwatch.core.write.EventWriter} merges them into the object again.
 * For the list {@code args}, the entry is an object from position to the unknown keys of that
 * argument.
 */
final class FlatForm {

  private FlatForm() {}

  /** Returns the event in {@code line}. */
  static Event read(Map<String, Value> line) {
    var fields = new ObjectFields("", line);
    long timestamp = fields.signedOrZero("timestamp");
    ObjectFields executable = fields.object("executable");
    ObjectFields container = fields.object("container");
    ObjectFields kubernetes = fields.object("kubernetes");
    ObjectFields flags = fields.object("contextFlags");
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

  private static ProcessContext readProcess(ObjectFields fields, @Nullable String executablePath) {
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
  private static @Nullable String older(ObjectFields fields, String key, @Nullable String newer) {
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

  private static @Nullable List<Argument> readArguments(ObjectFields fields) {
    List<Value> values = fields.array("args");
    if (values == null) {
      return null;
    }
    var arguments = new ArrayList<Argument>(values.size());
    var unknown = new LinkedHashMap<String, Value>();
    for (int i = 0; i < values.size(); i++) {
      ObjectFields argument = fields.element("args", i, values.get(i));
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
}

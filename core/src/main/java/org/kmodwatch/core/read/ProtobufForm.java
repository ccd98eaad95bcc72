package org.kmodwatch.core.read;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.FlatKeys;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;

/**
 * Reads the form of Tracee's releases after 0.24 into the same event.
 *
 * <p>The form has no host name, processor, cgroup or namespaces: those are empty or 0. The parent's
 * ids come from the first ancestor. All other keys are kept among the unknown fields, inside their
 * objects. A key that has another meaning in the flat form gets the prefix {@code protobuf.}
 */
final class ProtobufForm {

  /** Kinds of numbers that the form writes as strings because JavaScript's numbers end at 2^53. */
  private static final Set<String> NUMBERS_IN_STRINGS = Set.of("int64", "u_int64");

  private ProtobufForm() {}

  static Event read(Map<String, Value> line) {
    var fields = new ObjectFields("", line);
    long timestamp = time(fields, "timestamp");
    String id = fields.numberOrString("id");
    String name = fields.string("name");
    if (name == null || name.isEmpty()) {
      throw fields.missing("name");
    }
    ObjectFields policies = fields.object("policies");
    List<String> matched = policies.strings("matched");
    ObjectFields workload = fields.object("workload");
    ObjectFields process = workload.object("process");
    ObjectFields thread = process.object("thread");
    ProcessContext processContext = readProcess(process, thread);
    String syscall = thread.stringOrEmpty("syscall");
    boolean compat = thread.boolOrFalse("compat");
    ObjectFields container = workload.object("container");
    boolean started = container.boolOrFalse("started");
    ContainerContext containerContext = readContainer(container);
    ObjectFields k8s = workload.object("k8s");
    KubernetesContext kubernetesContext = readKubernetes(k8s);
    var args = new ArrayList<Argument>();
    Long returnValue = readData(fields, args);
    process.putBack("thread", thread);
    workload.putBack("process", process);
    workload.putBack("container", container);
    workload.putBack("k8s", k8s);
    fields.putBack("policies", policies);
    fields.putBack("workload", workload);
    return Event.builder(name, timestamp)
        .process(processContext)
        .container(containerContext)
        .kubernetes(kubernetesContext)
        .eventId(id == null ? "" : id)
        .matchedPolicies(matched)
        .returnValue(returnValue)
        .syscall(syscall)
        .containerStarted(started)
        .compat(compat)
        .args(args)
        .unknownFields(renamed(fields.left()))
        .build();
  }

  private static ProcessContext readProcess(ObjectFields process, ObjectFields thread) {
    ObjectFields executable = process.object("executable");
    String path = executable.string("path");
    process.putBack("executable", executable);
    ObjectFields user = process.object("real_user");
    long userId = user.unsigned32OrZero("id");
    process.putBack("real_user", user);
    ObjectFields parent = firstAncestor(process);
    return new ProcessContext(
        time(thread, "start_time"),
        0,
        process.intOrZero("pid"),
        thread.intOrZero("tid"),
        parent.intOrZero("pid"),
        process.intOrZero("host_pid"),
        thread.intOrZero("host_tid"),
        parent.intOrZero("host_pid"),
        0,
        userId,
        0,
        0,
        thread.stringOrEmpty("name"),
        path,
        FlatForm.entityIds(
            thread.unsigned32("unique_id"),
            process.unsigned32("unique_id"),
            parent.unsigned32("unique_id")));
  }

  /**
   * Returns a copy of the first ancestor. The list itself stays complete among the unknown fields.
   */
  private static ObjectFields firstAncestor(ObjectFields process) {
    if (process.left().get("ancestors") instanceof Value.Array(var ancestors)
        && !ancestors.isEmpty()) {
      return process.element("ancestors", 0, ancestors.getFirst());
    }
    return new ObjectFields("", Map.of());
  }

  private static ContainerContext readContainer(ObjectFields container) {
    String id = container.string("id");
    String name = container.string("name");
    ObjectFields image = container.object("image");
    String imageName = image.string("id");
    String digest = null;
    List<String> digests = image.strings("repo_digests");
    if (digests != null && !digests.isEmpty()) {
      digest = digests.getFirst();
      if (digests.size() > 1) {
        image.left().put("repo_digests", Value.ofStrings(digests));
      }
    }
    container.putBack("image", image);
    return new ContainerContext(id, name, imageName, digest, null);
  }

  private static KubernetesContext readKubernetes(ObjectFields k8s) {
    ObjectFields pod = k8s.object("pod");
    ObjectFields namespace = k8s.object("namespace");
    var context =
        new KubernetesContext(
            pod.string("name"), namespace.string("name"), pod.string("uid"), null);
    k8s.putBack("pod", pod);
    k8s.putBack("namespace", namespace);
    return context;
  }

  /**
   * Reads the arguments into {@code args}.
   *
   * @return the return value, which is one of the arguments; null without it
   */
  private static @Nullable Long readData(ObjectFields fields, List<Argument> args) {
    Long returnValue = null;
    List<Value> data = fields.array("data");
    for (int i = 0; data != null && i < data.size(); i++) {
      ObjectFields item = fields.element("data", i, data.get(i));
      String name = item.string("name");
      if (name == null) {
        throw item.missing("name");
      }
      Argument argument = argument(name, item.left());
      if (returnValue == null
          && name.equals("returnValue")
          && argument.value() instanceof Value.Num number
          && number.signed().isPresent()) {
        returnValue = number.signed().getAsLong();
      } else {
        args.add(argument);
      }
    }
    return returnValue;
  }

  private static Argument argument(String name, Map<String, Value> kinds) {
    if (kinds.size() != 1) {
      return new Argument(name, "", kinds.isEmpty() ? Value.NULL : new Value.Obj(kinds));
    }
    var kind = kinds.entrySet().iterator().next();
    Value value = kind.getValue();
    if (NUMBERS_IN_STRINGS.contains(kind.getKey()) && value instanceof Value.Str(String text)) {
      value = numberOr(value, text);
    }
    return new Argument(name, kind.getKey(), value);
  }

  private static Value numberOr(Value otherwise, String text) {
    try {
      return new Value.Num(text);
    } catch (IllegalArgumentException notANumber) {
      return otherwise;
    }
  }

  private static long time(ObjectFields fields, String key) {
    return switch (fields.take(key)) {
      case null -> 0;
      case Value.Str(String text) -> nanos(fields, key, text);
      case Value.Num number when number.signed().isPresent() -> number.signed().getAsLong();
      case Value other -> throw fields.wrong(key, "a time as in RFC 3339", other);
    };
  }

  private static long nanos(ObjectFields fields, String key, String text) {
    OptionalLong ordinary = Rfc3339.nanos(text);
    if (ordinary.isPresent()) {
      return ordinary.getAsLong();
    }
    try {
      Instant instant = Instant.parse(text);
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    } catch (DateTimeException | ArithmeticException e) {
      throw fields.wrong(key, "a time as in RFC 3339", Value.of(text));
    }
  }

  private static Map<String, Value> renamed(Map<String, Value> left) {
    var renamed = new LinkedHashMap<String, Value>();
    left.forEach(
        (key, value) -> renamed.put(FlatKeys.hasMeaning(key) ? "protobuf." + key : key, value));
    return renamed;
  }
}

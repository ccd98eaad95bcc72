package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;

/** A load record as an object and as an event, and back (docs/reference/load-record.md). */
public final class LoadRecords {

  /** Name of the argument that holds the record in its event. */
  public static final String ARGUMENT = "load";

  private LoadRecords() {}

  /** How records, and reports beside them, write a constant: in lower case, its words apart. */
  public static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** The record as an object, its keys in the order of the schema. */
  public static Value.Obj toValue(LoadRecord record) {
    var out = new FieldWriter();
    out.text("schema", LoadRecord.SCHEMA);
    out.text("id", record.id());
    out.time("time", record.timeNanos());
    out.number("durationNs", record.durationNanos());
    LoadRecord.Host host = record.host();
    out.object(
        "host",
        new FieldWriter()
            .text("name", host.name())
            .text("machineId", host.machineId())
            .text("bootId", host.bootId())
            .text("kernel", host.kernel())
            .text("arch", host.arch()));
    out.word("action", record.action(), LoadRecord.Action.UNKNOWN);
    out.word("outcome", record.outcome(), LoadRecord.Outcome.UNKNOWN);
    out.number("returnValue", record.returnValue());
    out.text("errno", record.errno());
    out.text("reason", record.reason());
    LoadRecord.Route route = record.route();
    out.object(
        "route",
        new FieldWriter()
            .text("syscall", route.syscall())
            .text("abi", route.abi())
            .texts("flags", route.flags())
            .text("params", route.params())
            .flag("memoryOnly", route.memoryOnly())
            .text("compression", route.compression())
            .flag("autoload", route.autoload()));
    LoadRecord.ModuleDetails module = record.module();
    out.object(
        "module",
        new FieldWriter()
            .text("name", module.name())
            .text("version", module.version())
            .text("srcversion", module.srcversion())
            .text("vermagic", module.vermagic())
            .text("license", module.license())
            .text("description", module.description())
            .text("author", module.author())
            .truth("intree", module.intree())
            .texts("depends", module.depends())
            .texts("taints", module.taints())
            .number("sizeBytes", module.sizeBytes())
            .texts("usedBy", module.usedBy()));
    if (record.image() != null) {
      out.object("image", image(record.image()));
    }
    LoadRecord.ModuleFile file = record.file();
    if (file != null) {
      var fields = new FieldWriter();
      fields.text("path", file.path());
      if (file.inode() != 0) {
        fields.number("device", file.device());
        fields.value("inode", Value.ofUnsigned(file.inode()));
      }
      if (file.ctimeNanos() != 0) {
        fields.time("ctime", file.ctimeNanos());
      }
      fields.flag("deleted", file.deleted());
      fields.word("place", file.place(), LoadRecord.Place.UNKNOWN);
      LoadRecord.PackageOwner owner = file.owner();
      if (owner != null) {
        fields.object(
            "package",
            new FieldWriter()
                .text("manager", owner.manager())
                .text("name", owner.name())
                .text("version", owner.version())
                .truth("changed", owner.changed()));
      }
      out.object("file", fields);
    }
    if (record.loader() != null) {
      out.object("loader", process(new FieldWriter(), record.loader()));
    }
    LoadRecord.Requester requester = record.requester();
    if (requester != null) {
      var fields = new FieldWriter();
      fields.text("alias", requester.alias());
      process(fields, requester.process());
      fields.text("modprobePath", requester.modprobePath());
      out.object("requester", fields);
    }
    out.flag("codeMayHaveRun", record.codeMayHaveRun());
    out.flag("preExisting", record.preExisting());
    out.text("retryOf", record.retryOf());
    out.text("waitedOn", record.waitedOn());
    ContainerContext container = record.container();
    out.object(
        "container",
        new FieldWriter()
            .text("id", container.id())
            .text("name", container.name())
            .text("image", container.image())
            .text("imageDigest", container.imageDigest())
            .text("runtime", container.runtime()));
    KubernetesContext pod = record.kubernetes();
    var podFields = new FieldWriter();
    podFields.text("podName", pod.podName());
    podFields.text("podNamespace", pod.podNamespace());
    podFields.text("podUid", pod.podUid());
    podFields.truth("podSandbox", pod.podSandbox());
    out.object("kubernetes", podFields);
    out.texts("findings", record.findings());
    LoadRecord.Policy policy = record.policy();
    if (policy != null) {
      var fields = new FieldWriter();
      fields.word("verdict", policy.verdict(), LoadRecord.Policy.Verdict.UNKNOWN);
      out.object("policy", fields.text("rule", policy.rule()));
    }
    out.number("repeats", (long) record.repeats());
    var gaps = new ArrayList<Value>();
    for (LoadRecord.Gap gap : record.gaps()) {
      gaps.add(new FieldWriter().text("field", gap.field()).text("why", gap.why()).toValue());
    }
    out.list("gaps", gaps);
    return out.toValue();
  }

  /**
   * The record that {@link #toValue} made {@code value} of. Keys that this version does not know
   * are passed over, and words that it does not know are unknown, with a gap.
   *
   * @throws LoadRecordException if it is no record of this schema
   */
  public static LoadRecord fromValue(Value.Obj value) {
    var gaps = new ArrayList<LoadRecord.Gap>();
    var in = new FieldReader("", value.fields(), gaps);
    String schema = in.required("schema", in.text("schema"));
    if (!schema.equals(LoadRecord.SCHEMA)) {
      throw new LoadRecordException(
          "schema is not " + LoadRecord.SCHEMA + " but " + FieldReader.shown(schema));
    }
    for (FieldReader gap : in.objects("gaps")) {
      gaps.add(
          new LoadRecord.Gap(
              gap.required("field", gap.text("field")), gap.required("why", gap.text("why"))));
    }
    FieldReader host = in.object("host");
    FieldReader route = in.object("route");
    FieldReader module = in.object("module");
    FieldReader image = in.objectOrNull("image");
    FieldReader file = in.objectOrNull("file");
    FieldReader loader = in.objectOrNull("loader");
    FieldReader requester = in.objectOrNull("requester");
    FieldReader container = in.object("container");
    FieldReader pod = in.object("kubernetes");
    Long repeats = in.number("repeats");
    return new LoadRecord(
        in.required("id", in.text("id")),
        in.required("time", in.time("time")),
        in.number("durationNs"),
        new LoadRecord.Host(
            host.text("name"),
            host.text("machineId"),
            host.text("bootId"),
            host.text("kernel"),
            host.text("arch")),
        in.word("action", LoadRecord.Action::valueOf, LoadRecord.Action.UNKNOWN),
        in.get("outcome") != null
            ? in.word("outcome", LoadRecord.Outcome::valueOf, LoadRecord.Outcome.UNKNOWN)
            : LoadRecord.Outcome.UNKNOWN,
        in.number("returnValue"),
        in.text("errno"),
        in.text("reason"),
        new LoadRecord.Route(
            route.text("syscall"),
            route.text("abi"),
            route.texts("flags"),
            route.text("params"),
            route.flag("memoryOnly"),
            route.text("compression"),
            route.flag("autoload")),
        new LoadRecord.ModuleDetails(
            module.text("name"),
            module.text("version"),
            module.text("srcversion"),
            module.text("vermagic"),
            module.text("license"),
            module.text("description"),
            module.text("author"),
            module.flagOrNull("intree"),
            module.texts("depends"),
            module.texts("taints"),
            module.number("sizeBytes"),
            module.texts("usedBy")),
        image == null ? null : image(image),
        file == null
            ? null
            : new LoadRecord.ModuleFile(
                file.required("path", file.text("path")),
                orZero(file.number("device")),
                orZero(file.unsigned("inode")),
                orZero(file.time("ctime")),
                file.flag("deleted"),
                file.word("place", LoadRecord.Place::valueOf, LoadRecord.Place.UNKNOWN),
                owner(file.objectOrNull("package"))),
        loader == null ? null : process(loader),
        requester == null
            ? null
            : new LoadRecord.Requester(
                requester.text("alias"), process(requester), requester.text("modprobePath")),
        new ContainerContext(
            container.text("id"),
            container.text("name"),
            container.text("image"),
            container.text("imageDigest"),
            container.text("runtime")),
        new KubernetesContext(
            pod.text("podName"),
            pod.text("podNamespace"),
            pod.text("podUid"),
            pod.flagOrNull("podSandbox")),
        in.flag("codeMayHaveRun"),
        in.flag("preExisting"),
        in.text("retryOf"),
        in.text("waitedOn"),
        in.texts("findings"),
        policy(in.objectOrNull("policy")),
        repeats == null ? 1 : in.int32("repeats", repeats),
        gaps);
  }

  private static LoadRecord.@Nullable Policy policy(@Nullable FieldReader policy) {
    return policy == null
        ? null
        : new LoadRecord.Policy(
            policy.word(
                "verdict", LoadRecord.Policy.Verdict::valueOf, LoadRecord.Policy.Verdict.UNKNOWN),
            policy.text("rule"));
  }

  /** The record as an event that signatures can select; the envelope is that of {@code basis}. */
  public static Event toEvent(LoadRecord record, Event basis) {
    return new Event(
        Event.SOURCE_TRACEE,
        basis.timestampNanos(),
        basis.process(),
        basis.hostName(),
        basis.container(),
        basis.kubernetes(),
        basis.eventId(),
        LoadRecord.EVENT_NAME,
        null,
        record.returnValue(),
        basis.syscall(),
        null,
        basis.containerStarted(),
        basis.compat(),
        List.of(new Argument(ARGUMENT, LoadRecord.SCHEMA, new Value.Obj(new RecordFields(record)))),
        null,
        Map.of());
  }

  /** The record that {@code event} is; empty if it is another event, or the record is damaged. */
  public static Optional<LoadRecord> of(Event event) {
    if (!event.eventName().equals(LoadRecord.EVENT_NAME)) {
      return Optional.empty();
    }
    try {
      return event.argument(ARGUMENT).orElse(Value.NULL) instanceof Value.Obj value
          ? Optional.of(
              value.fields() instanceof RecordFields known ? known.record() : fromValue(value))
          : Optional.empty();
    } catch (LoadRecordException damaged) {
      return Optional.empty();
    }
  }

  private static FieldWriter image(LoadRecord.Image image) {
    var out = new FieldWriter();
    out.text("sha256", image.sha256());
    out.number("sizeBytes", image.sizeBytes());
    if (image.sha256() != null) {
      out.word("source", image.source(), LoadRecord.Image.Source.UNKNOWN);
    }
    out.truth("complete", image.complete());
    LoadRecord.Image.Decompressed decompressed = image.decompressed();
    if (decompressed != null) {
      out.object(
          "decompressed",
          new FieldWriter()
              .text("sha256", decompressed.sha256())
              .number("sizeBytes", decompressed.sizeBytes()));
    }
    LoadRecord.ModuleSignature signature = image.signature();
    if (signature != null) {
      var fields = new FieldWriter();
      fields.word("status", signature.status(), LoadRecord.ModuleSignature.Status.UNKNOWN);
      fields.text("signer", signature.signer());
      fields.text("keyId", signature.keyId());
      fields.text("digest", signature.digest());
      out.object("signature", fields);
    }
    out.text("kept", image.kept());
    return out;
  }

  private static LoadRecord.Image image(FieldReader in) {
    FieldReader decompressed = in.objectOrNull("decompressed");
    FieldReader signature = in.objectOrNull("signature");
    String sha256 = in.text("sha256");
    return new LoadRecord.Image(
        sha256,
        in.required("sizeBytes", in.number("sizeBytes")),
        sha256 == null
            ? LoadRecord.Image.Source.KERNEL
            : in.word("source", LoadRecord.Image.Source::valueOf, LoadRecord.Image.Source.UNKNOWN),
        in.flag("complete"),
        decompressed == null
            ? null
            : new LoadRecord.Image.Decompressed(
                decompressed.required("sha256", decompressed.text("sha256")),
                decompressed.required("sizeBytes", decompressed.number("sizeBytes"))),
        signature == null
            ? null
            : new LoadRecord.ModuleSignature(
                signature.word(
                    "status",
                    LoadRecord.ModuleSignature.Status::valueOf,
                    LoadRecord.ModuleSignature.Status.UNKNOWN),
                signature.text("signer"),
                signature.text("keyId"),
                signature.text("digest")),
        in.text("kept"));
  }

  private static LoadRecord.@Nullable PackageOwner owner(@Nullable FieldReader in) {
    return in == null
        ? null
        : new LoadRecord.PackageOwner(
            in.required("manager", in.text("manager")),
            in.required("name", in.text("name")),
            in.required("version", in.text("version")),
            in.flagOrNull("changed"));
  }

  private static FieldWriter process(FieldWriter out, LoadRecord.ProcessDetails process) {
    if (process.pid() != 0) {
      out.number("pid", (long) process.pid());
    }
    if (process.tid() != 0) {
      out.number("tid", (long) process.tid());
    }
    // 0 if it is outside a namespace that is known.
    if (process.pid() != 0) {
      out.number("parentPid", (long) process.parentPid());
    }
    if (process.hostPid() != 0) {
      out.number("hostPid", (long) process.hostPid());
    }
    if (!process.comm().isEmpty()) {
      out.text("comm", process.comm());
    }
    out.text("exe", process.exe());
    out.texts("args", process.args());
    out.number("uid", process.knownUid());
    out.number("euid", process.euid());
    out.number("loginUid", process.loginUid());
    out.number("sessionId", process.sessionId());
    out.texts("capabilities", process.capabilities());
    if (process.startTimeNanos() != 0) {
      out.time("startTime", process.startTimeNanos());
    }
    var namespaces = new FieldWriter();
    for (Map.Entry<String, Long> each : new TreeMap<>(process.namespaces()).entrySet()) {
      namespaces.number(each.getKey(), each.getValue());
    }
    out.object("namespaces", namespaces);
    out.text("cgroup", process.cgroup());
    var ancestors = new ArrayList<Value>();
    for (LoadRecord.Ancestor ancestor : process.ancestors()) {
      ancestors.add(
          new FieldWriter()
              .number("pid", (long) ancestor.pid())
              .text("comm", ancestor.comm().isEmpty() ? null : ancestor.comm())
              .text("exe", ancestor.exe())
              .toValue());
    }
    out.list("ancestors", ancestors);
    return out;
  }

  private static LoadRecord.ProcessDetails process(FieldReader in) {
    var namespaces = new LinkedHashMap<String, Long>();
    FieldReader names = in.object("namespaces");
    for (String name : names.fields().keySet()) {
      namespaces.put(name, names.required(name, names.number(name)));
    }
    Long uid = in.number("uid");
    return new LoadRecord.ProcessDetails(
        in.int32("pid", orZero(in.number("pid"))),
        in.int32("tid", orZero(in.number("tid"))),
        in.int32("parentPid", orZero(in.number("parentPid"))),
        in.int32("hostPid", orZero(in.number("hostPid"))),
        orEmpty(in.text("comm")),
        in.text("exe"),
        in.texts("args"),
        uid == null ? ProcessContext.UNKNOWN_USER : uid,
        in.number("euid"),
        in.number("loginUid"),
        in.number("sessionId"),
        in.texts("capabilities"),
        orZero(in.time("startTime")),
        namespaces,
        in.text("cgroup"),
        in.objects("ancestors").stream()
            .map(
                ancestor ->
                    new LoadRecord.Ancestor(
                        ancestor.int32("pid", ancestor.required("pid", ancestor.number("pid"))),
                        orEmpty(ancestor.text("comm")),
                        ancestor.text("exe")))
            .toList());
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static long orZero(@Nullable Long number) {
    return number == null ? 0 : number;
  }
}

package org.kmodwatch.core.load;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Value;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** A load record as JSON and as an event, and back (docs/load-record.md). */
public final class LoadRecords {

  /** Name of the argument that holds the record in its event. */
  public static final String ARGUMENT = "load";

  private static final JsonFactory FACTORY = new JsonFactory();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final long NANOS = 1_000_000_000L;

  private LoadRecords() {}

  /** How records, and reports beside them, write a constant: in lower case, its words apart. */
  public static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** The record as an object, its keys in the order of the schema. */
  public static Value.Obj toValue(LoadRecord record) {
    var out = new Writer();
    out.text("schema", LoadRecord.SCHEMA);
    out.text("id", record.id());
    out.time("time", record.timeNanos());
    out.number("durationNs", record.durationNanos());
    LoadRecord.Host host = record.host();
    out.object(
        "host",
        new Writer()
            .text("name", host.name())
            .text("machineId", host.machineId())
            .text("bootId", host.bootId())
            .text("kernel", host.kernel())
            .text("arch", host.arch()));
    out.word("action", record.action());
    out.word("outcome", record.outcome());
    out.number("returnValue", record.returnValue());
    out.text("errno", record.errno());
    out.text("reason", record.reason());
    LoadRecord.Route route = record.route();
    out.object(
        "route",
        new Writer()
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
        new Writer()
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
      var fields = new Writer();
      fields.text("path", file.path());
      fields.number("device", file.device());
      fields.value("inode", Value.ofUnsigned(file.inode()));
      if (file.ctimeNanos() != 0) {
        fields.time("ctime", file.ctimeNanos());
      }
      fields.flag("deleted", file.deleted());
      fields.word("place", file.place());
      LoadRecord.PackageOwner owner = file.owner();
      if (owner != null) {
        fields.object(
            "package",
            new Writer()
                .text("manager", owner.manager())
                .text("name", owner.name())
                .text("version", owner.version())
                .truth("changed", owner.changed()));
      }
      out.object("file", fields);
    }
    if (record.loader() != null) {
      out.object("loader", process(new Writer(), record.loader()));
    }
    LoadRecord.Requester requester = record.requester();
    if (requester != null) {
      var fields = new Writer();
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
        new Writer()
            .text("id", container.id())
            .text("name", container.name())
            .text("image", container.image())
            .text("imageDigest", container.imageDigest())
            .text("runtime", container.runtime()));
    KubernetesContext pod = record.kubernetes();
    var podFields = new Writer();
    podFields.text("podName", pod.podName());
    podFields.text("podNamespace", pod.podNamespace());
    podFields.text("podUid", pod.podUid());
    podFields.truth("podSandbox", pod.podSandbox());
    out.object("kubernetes", podFields);
    out.texts("findings", record.findings());
    out.number("repeats", (long) record.repeats());
    var gaps = new ArrayList<Value>();
    for (LoadRecord.Gap gap : record.gaps()) {
      gaps.add(new Writer().text("field", gap.field()).text("why", gap.why()).toValue());
    }
    out.list("gaps", gaps);
    return out.toValue();
  }

  /**
   * The record that {@link #toValue} made {@code value} of. Keys that this version does not know
   * are passed over.
   *
   * @throws LoadRecordException if it is no record of this schema
   */
  public static LoadRecord fromValue(Value.Obj value) {
    var in = new Reader("", value.fields());
    String schema = in.required("schema", in.text("schema"));
    if (!schema.equals(LoadRecord.SCHEMA)) {
      throw new LoadRecordException("schema is not " + LoadRecord.SCHEMA + " but " + shown(schema));
    }
    Reader host = in.object("host");
    Reader route = in.object("route");
    Reader module = in.object("module");
    Reader image = in.objectOrNull("image");
    Reader file = in.objectOrNull("file");
    Reader loader = in.objectOrNull("loader");
    Reader requester = in.objectOrNull("requester");
    Reader container = in.object("container");
    Reader pod = in.object("kubernetes");
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
        in.word("action", LoadRecord.Action::valueOf),
        in.word("outcome", LoadRecord.Outcome::valueOf),
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
                file.required("device", file.number("device")),
                file.required("inode", file.unsigned("inode")),
                orZero(file.time("ctime")),
                file.flag("deleted"),
                file.word("place", LoadRecord.Place::valueOf),
                owner(file.objectOrNull("package"))),
        loader == null ? null : process(loader),
        requester == null
            ? null
            : new LoadRecord.Requester(
                requester.required("alias", requester.text("alias")),
                process(requester),
                requester.text("modprobePath")),
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
        repeats == null ? 1 : in.int32("repeats", repeats),
        in.objects("gaps").stream()
            .map(
                gap ->
                    new LoadRecord.Gap(
                        gap.required("field", gap.text("field")),
                        gap.required("why", gap.text("why"))))
            .toList());
  }

  /** The record as one line of JSON, UTF-8, newline included. */
  public static byte[] toLine(LoadRecord record) {
    var text = new StringWriter(1 << 10);
    try (JsonGenerator out = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      write(out, toValue(record));
    }
    return (escapeUnpaired(text.toString()) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** The record as an event that signatures can select; the envelope is that of {@code basis}. */
  public static Event toEvent(LoadRecord record, Event basis) {
    Event event =
        new Event(
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
            List.of(new Argument(ARGUMENT, LoadRecord.SCHEMA, toValue(record))),
            null,
            Map.of());
    lastMade = new Made(event, record);
    return event;
  }

  /** An event that was made of a record. */
  private record Made(Event event, LoadRecord record) {}

  /**
   * The last one made. Every signature on records asks for the record of the same event, one after
   * the other: without this each would read it out of the event anew. Only ever a short cut; any
   * thread may set it.
   */
  private static volatile @Nullable Made lastMade;

  /** The record that {@code event} is; empty if it is another event, or the record is damaged. */
  @SuppressWarnings("ReferenceEquality") // this very event, not one like it
  public static Optional<LoadRecord> of(Event event) {
    Made made = lastMade;
    if (made != null && made.event == event) {
      return Optional.of(made.record);
    }
    if (!event.eventName().equals(LoadRecord.EVENT_NAME)) {
      return Optional.empty();
    }
    try {
      return event.argument(ARGUMENT).orElse(Value.NULL) instanceof Value.Obj value
          ? Optional.of(fromValue(value))
          : Optional.empty();
    } catch (LoadRecordException damaged) {
      return Optional.empty();
    }
  }

  private static Writer image(LoadRecord.Image image) {
    var out = new Writer();
    out.text("sha256", image.sha256());
    out.number("sizeBytes", image.sizeBytes());
    if (image.sha256() != null) {
      out.word("source", image.source());
    }
    out.truth("complete", image.complete());
    LoadRecord.Image.Decompressed decompressed = image.decompressed();
    if (decompressed != null) {
      out.object(
          "decompressed",
          new Writer()
              .text("sha256", decompressed.sha256())
              .number("sizeBytes", decompressed.sizeBytes()));
    }
    LoadRecord.ModuleSignature signature = image.signature();
    if (signature != null) {
      var fields = new Writer();
      fields.word("status", signature.status());
      fields.text("signer", signature.signer());
      fields.text("keyId", signature.keyId());
      fields.text("digest", signature.digest());
      out.object("signature", fields);
    }
    out.text("kept", image.kept());
    return out;
  }

  private static LoadRecord.Image image(Reader in) {
    Reader decompressed = in.objectOrNull("decompressed");
    Reader signature = in.objectOrNull("signature");
    String sha256 = in.text("sha256");
    return new LoadRecord.Image(
        sha256,
        in.required("sizeBytes", in.number("sizeBytes")),
        sha256 == null
            ? LoadRecord.Image.Source.KERNEL
            : in.word("source", LoadRecord.Image.Source::valueOf),
        in.flag("complete"),
        decompressed == null
            ? null
            : new LoadRecord.Image.Decompressed(
                decompressed.required("sha256", decompressed.text("sha256")),
                decompressed.required("sizeBytes", decompressed.number("sizeBytes"))),
        signature == null
            ? null
            : new LoadRecord.ModuleSignature(
                signature.word("status", LoadRecord.ModuleSignature.Status::valueOf),
                signature.text("signer"),
                signature.text("keyId"),
                signature.text("digest")),
        in.text("kept"));
  }

  private static LoadRecord.@Nullable PackageOwner owner(@Nullable Reader in) {
    return in == null
        ? null
        : new LoadRecord.PackageOwner(
            in.required("manager", in.text("manager")),
            in.required("name", in.text("name")),
            in.required("version", in.text("version")),
            in.flagOrNull("changed"));
  }

  private static Writer process(Writer out, LoadRecord.ProcessDetails process) {
    out.number("pid", (long) process.pid());
    out.number("tid", (long) process.tid());
    out.number("parentPid", (long) process.parentPid());
    out.number("hostPid", (long) process.hostPid());
    out.text("comm", process.comm());
    out.text("exe", process.exe());
    out.texts("args", process.args());
    out.number("uid", process.uid());
    out.number("euid", process.euid());
    out.number("loginUid", process.loginUid());
    out.number("sessionId", process.sessionId());
    out.texts("capabilities", process.capabilities());
    if (process.startTimeNanos() != 0) {
      out.time("startTime", process.startTimeNanos());
    }
    var namespaces = new Writer();
    new TreeMap<>(process.namespaces()).forEach(namespaces::number);
    out.object("namespaces", namespaces);
    out.text("cgroup", process.cgroup());
    var ancestors = new ArrayList<Value>();
    for (LoadRecord.Ancestor ancestor : process.ancestors()) {
      ancestors.add(
          new Writer()
              .number("pid", (long) ancestor.pid())
              .text("comm", ancestor.comm())
              .text("exe", ancestor.exe())
              .toValue());
    }
    out.list("ancestors", ancestors);
    return out;
  }

  private static LoadRecord.ProcessDetails process(Reader in) {
    var namespaces = new LinkedHashMap<String, Long>();
    Reader names = in.object("namespaces");
    for (String name : names.fields.keySet()) {
      namespaces.put(name, names.required(name, names.number(name)));
    }
    return new LoadRecord.ProcessDetails(
        in.int32("pid", in.required("pid", in.number("pid"))),
        in.int32("tid", in.required("tid", in.number("tid"))),
        in.int32("parentPid", in.required("parentPid", in.number("parentPid"))),
        in.int32("hostPid", in.required("hostPid", in.number("hostPid"))),
        in.required("comm", in.text("comm")),
        in.text("exe"),
        in.texts("args"),
        in.required("uid", in.number("uid")),
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
                        ancestor.required("comm", ancestor.text("comm")),
                        ancestor.text("exe")))
            .toList());
  }

  private static long orZero(@Nullable Long number) {
    return number == null ? 0 : number;
  }

  private static void write(JsonGenerator out, Value value) {
    switch (value) {
      case Value.Null() -> out.writeNull();
      case Value.Bool(boolean truth) -> out.writeBoolean(truth);
      case Value.Num(String text) -> out.writeNumber(text);
      case Value.Str(String text) -> out.writeString(text);
      case Value.Array(var values) -> {
        out.writeStartArray();
        values.forEach(v -> write(out, v));
        out.writeEndArray();
      }
      case Value.Obj(var fields) -> {
        out.writeStartObject();
        fields.forEach(
            (name, field) -> {
              out.writeName(name);
              write(out, field);
            });
        out.writeEndObject();
      }
    }
  }

  /** Puts the JSON escape in the place of each unpaired surrogate, which UTF-8 has no bytes for. */
  private static String escapeUnpaired(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (Character.isSurrogate(c) && !pair) {
        if (out == null) {
          out = new StringBuilder(text.length() + 32).append(text, 0, i);
        }
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else if (out != null) {
        out.append(c);
      }
      if (pair) {
        i++;
        if (out != null) {
          out.append(text.charAt(i));
        }
      }
    }
    return out == null ? text : out.toString();
  }

  private static String shown(String text) {
    return (text.length() <= 64 ? text : text.substring(0, 64) + "…").replaceAll("\\p{Cntrl}", "?");
  }

  /** Collects the fields of an object, and leaves out what is not known. */
  private static final class Writer {
    private final Map<String, Value> fields = new LinkedHashMap<>();

    Writer text(String key, @Nullable String value) {
      if (value != null) {
        fields.put(key, Value.of(value));
      }
      return this;
    }

    Writer texts(String key, List<String> values) {
      if (!values.isEmpty()) {
        fields.put(key, Value.ofStrings(values));
      }
      return this;
    }

    Writer number(String key, @Nullable Long value) {
      if (value != null) {
        fields.put(key, Value.of(value.longValue()));
      }
      return this;
    }

    Writer flag(String key, boolean value) {
      if (value) {
        fields.put(key, Value.of(true));
      }
      return this;
    }

    Writer truth(String key, @Nullable Boolean value) {
      if (value != null) {
        fields.put(key, Value.of(value.booleanValue()));
      }
      return this;
    }

    void word(String key, Enum<?> value) {
      fields.put(key, Value.of(LoadRecords.word(value)));
    }

    void time(String key, long nanos) {
      Instant time =
          Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
      fields.put(key, Value.of(TIME.format(time)));
    }

    void value(String key, Value value) {
      fields.put(key, value);
    }

    void object(String key, Writer inner) {
      if (!inner.fields.isEmpty()) {
        fields.put(key, inner.toValue());
      }
    }

    void list(String key, List<Value> values) {
      if (!values.isEmpty()) {
        fields.put(key, new Value.Array(values));
      }
    }

    Value.Obj toValue() {
      return new Value.Obj(fields);
    }
  }

  /** Reads the fields of an object. */
  private record Reader(String path, Map<String, Value> fields) {

    @Nullable Value get(String key) {
      Value value = fields.get(key);
      return value instanceof Value.Null ? null : value;
    }

    <T> T required(String key, @Nullable T value) {
      if (value == null) {
        throw new LoadRecordException(path + shown(key) + " is missing");
      }
      return value;
    }

    LoadRecordException wrong(String key, String wanted) {
      return new LoadRecordException(path + shown(key) + " is not " + wanted);
    }

    @Nullable String text(String key) {
      return switch (get(key)) {
        case null -> null;
        case Value.Str(String text) -> text;
        default -> throw wrong(key, "a string");
      };
    }

    @Nullable Long number(String key) {
      Value value = get(key);
      if (value == null) {
        return null;
      }
      if (value instanceof Value.Num number && number.signed().isPresent()) {
        return number.signed().getAsLong();
      }
      throw wrong(key, "a signed 64-bit number");
    }

    @Nullable Long unsigned(String key) {
      Value value = get(key);
      if (value == null) {
        return null;
      }
      if (value instanceof Value.Num number && number.unsigned().isPresent()) {
        return number.unsigned().getAsLong();
      }
      throw wrong(key, "an unsigned 64-bit number");
    }

    int int32(String key, long number) {
      if (number != (int) number) {
        throw wrong(key, "a 32-bit number");
      }
      return (int) number;
    }

    @Nullable Boolean flagOrNull(String key) {
      return switch (get(key)) {
        case null -> null;
        case Value.Bool(boolean truth) -> truth;
        default -> throw wrong(key, "true or false");
      };
    }

    boolean flag(String key) {
      return Boolean.TRUE.equals(flagOrNull(key));
    }

    @Nullable Long time(String key) {
      String text = text(key);
      if (text == null) {
        return null;
      }
      try {
        Instant time = Instant.parse(text);
        return Math.addExact(
            Math.multiplyExact(time.getEpochSecond(), NANOS), (long) time.getNano());
      } catch (DateTimeException | ArithmeticException e) {
        throw wrong(key, "a time");
      }
    }

    <E extends Enum<E>> E word(String key, Function<String, E> valueOf) {
      String word = required(key, text(key));
      try {
        E value = valueOf.apply(word.toUpperCase(Locale.ROOT).replace(' ', '_'));
        if (word.equals(LoadRecords.word(value))) {
          return value;
        }
      } catch (IllegalArgumentException noSuchWord) {
        // Told below.
      }
      throw wrong(key, "one of its words but " + shown(word));
    }

    List<Value> list(String key) {
      return switch (get(key)) {
        case null -> List.of();
        case Value.Array(var values) -> values;
        default -> throw wrong(key, "a list");
      };
    }

    List<String> texts(String key) {
      var texts = new ArrayList<String>();
      for (Value value : list(key)) {
        if (!(value instanceof Value.Str(String text))) {
          throw wrong(key, "a list of strings");
        }
        texts.add(text);
      }
      return texts;
    }

    List<Reader> objects(String key) {
      var objects = new ArrayList<Reader>();
      for (Value value : list(key)) {
        if (!(value instanceof Value.Obj(var inner))) {
          throw wrong(key, "a list of objects");
        }
        objects.add(new Reader(path + key + ".", inner));
      }
      return objects;
    }

    @Nullable Reader objectOrNull(String key) {
      return switch (get(key)) {
        case null -> null;
        case Value.Obj(var inner) -> new Reader(path + key + ".", inner);
        default -> throw wrong(key, "an object");
      };
    }

    Reader object(String key) {
      Reader object = objectOrNull(key);
      return object == null ? new Reader(path + key + ".", Map.of()) : object;
    }
  }
}

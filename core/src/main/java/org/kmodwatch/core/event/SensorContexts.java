package org.kmodwatch.core.event;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.SensorContext.FileTrait;

/** Converts a {@link SensorContext} to its JSON form and back. */
public final class SensorContexts {

  private SensorContexts() {}

  /**
   * Returns the sensor's facts on {@code event}; empty if the event is not from our sensor, or is
   * damaged.
   */
  public static Optional<SensorContext> of(Event event) {
    Value value = event.unknownFields().get(SensorContext.KEY);
    return value instanceof Value.Obj(var fields)
        ? Optional.of(fields instanceof ContextFields known ? known.context() : read(fields))
        : Optional.empty();
  }

  /**
   * Returns when {@code event} happened, on a scale that a change of the clock does not affect. It
   * is the timestamp minus the changes of the clock since the sensor started. Code that waits for
   * events, or compares events of several attempts, uses this scale. Without facts from our sensor
   * it is the timestamp itself.
   *
   * @return nanoseconds since the epoch, by the clock as it was when the sensor started
   */
  public static long steadyNanos(Event event) {
    return event.timestampNanos() - clockShiftNanos(event);
  }

  /**
   * Returns {@link SensorContext#clockShiftNanos} of {@code event}; 0 if the event is not from our
   * sensor.
   */
  public static long clockShiftNanos(Event event) {
    return of(event).map(SensorContext::clockShiftNanos).orElse(0L);
  }

  /**
   * Prepares the fields under {@value SensorContext#KEY} so that they are read at most once,
   * however often {@link #of} is called.
   *
   * @param fields an event's unknown fields, which this method changes
   */
  public static void readOnce(Map<String, Value> fields) {
    if (fields.get(SensorContext.KEY) instanceof Value.Obj(var inner)) {
      fields.put(SensorContext.KEY, new Value.Obj(ContextFields.of(Value.orderedCopy(inner))));
    }
  }

  /** Returns {@code event} with another context. */
  public static Event with(Event event, SensorContext context) {
    var fields = new LinkedHashMap<>(event.unknownFields());
    fields.putAll(toUnknownFields(context));
    return event.withUnknownFields(fields);
  }

  /** Returns the context as an entry for {@link Event#unknownFields}. */
  public static Map<String, Value> toUnknownFields(SensorContext context) {
    return Map.of(SensorContext.KEY, new Value.Obj(ContextFields.of(context)));
  }

  static Map<String, Value> write(SensorContext context) {
    var out = new LinkedHashMap<String, Value>();
    if (context.callTimeNanos() != 0) {
      out.put("callTime", Value.of(context.callTimeNanos()));
    }
    if (context.returnTimeNanos() != 0) {
      out.put("returnTime", Value.of(context.returnTimeNanos()));
    }
    if (context.entryMissed()) {
      out.put("entryMissed", Value.of(true));
    }
    if (context.crowdedOut()) {
      out.put("crowdedOut", Value.of(true));
    }
    SensorContext.FileIdentity file = context.file();
    if (file != null) {
      var fields = new LinkedHashMap<String, Value>();
      fields.put("path", Value.of(file.path()));
      fields.put("device", Value.of(file.device()));
      fields.put("inode", Value.ofUnsigned(file.inode()));
      fields.put("ctime", Value.of(file.ctimeNanos()));
      for (FileTrait trait : FileTrait.values()) {
        // Writes the flag also if false when the name itself ends with the mark: earlier versions
        // wrote only the mark.
        boolean isMarked =
            trait == FileTrait.DELETED && file.path().endsWith(SensorContext.DELETED_MARK);
        if (file.is(trait) || isMarked) {
          fields.put(keyOf(trait), Value.of(file.is(trait)));
        }
      }
      if (file.here() != null) {
        fields.put("here", Value.of(file.here().booleanValue()));
      }
      out.put("file", new Value.Obj(fields));
    }
    if (context.moduleName() != null) {
      out.put("moduleName", Value.of(context.moduleName()));
    }
    if (context.signatureMissing()) {
      out.put("signatureMissing", Value.of(true));
    }
    if (context.lockdownVerdict() != null) {
      out.put("lockdownVerdict", Value.of(context.lockdownVerdict()));
    }
    if (context.signatureResult() != null) {
      out.put("signatureResult", Value.of(context.signatureResult()));
    }
    if (context.refusedBy() != null) {
      out.put("refusedBy", Value.of(context.refusedBy()));
    }
    if (context.task() != null) {
      out.put("task", write(context.task()));
    }
    if (context.clockShiftNanos() != 0) {
      out.put("clockShift", Value.of(context.clockShiftNanos()));
    }
    if (context.stringsHidden()) {
      out.put("stringsHidden", Value.of(true));
    }
    if (context.taints() != null) {
      out.put("taints", Value.ofUnsigned(context.taints()));
    }
    return out;
  }

  private static Value write(SensorContext.Task task) {
    var out = new LinkedHashMap<String, Value>();
    out.put("euid", Value.of(task.effectiveUserId()));
    if (task.loginUserId() != null) {
      out.put("loginUid", Value.of(task.loginUserId()));
    }
    if (task.sessionId() != null) {
      out.put("sessionId", Value.of(task.sessionId()));
    }
    out.put("capabilities", Value.ofUnsigned(task.effectiveCapabilities()));
    var namespaces = new LinkedHashMap<String, Value>();
    task.namespaces().forEach((name, inode) -> namespaces.put(name, Value.of(inode)));
    out.put("namespaces", new Value.Obj(namespaces));
    out.put("cgroup", Value.of(task.cgroupPath()));
    out.put("args", Value.ofStrings(task.arguments()));
    if (task.argumentsCut()) {
      out.put("argsCut", Value.of(true));
    }
    var ancestors = new ArrayList<Value>();
    for (SensorContext.Ancestor ancestor : task.ancestors()) {
      var fields = new LinkedHashMap<String, Value>();
      fields.put("pid", Value.of(ancestor.hostProcessId()));
      fields.put("comm", Value.of(ancestor.name()));
      if (ancestor.executablePath() != null) {
        fields.put("exe", Value.of(ancestor.executablePath()));
      }
      fields.put("startTime", Value.of(ancestor.startTimeNanos()));
      ancestors.add(new Value.Obj(fields));
    }
    out.put("ancestors", new Value.Array(ancestors));
    if (task.modprobePath() != null) {
      out.put("modprobePath", Value.of(task.modprobePath()));
    }
    return new Value.Obj(out);
  }

  static SensorContext read(Map<String, Value> fields) {
    var in = new Reader(fields);
    Reader file = in.object("file");
    Reader task = in.object("task");
    return new SensorContext(
        in.number("callTime", 0),
        in.number("returnTime", 0),
        in.flag("entryMissed"),
        in.flag("crowdedOut"),
        file == null ? null : readFile(file),
        in.text("moduleName"),
        in.flag("signatureMissing"),
        in.number("lockdownVerdict"),
        in.number("signatureResult"),
        in.text("refusedBy"),
        task == null ? null : readTask(task),
        in.number("clockShift", 0),
        in.flag("stringsHidden"),
        in.number("taints"));
  }

  private static String keyOf(FileTrait trait) {
    return trait.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Reads a file identity, also in the form of earlier versions. There, only the path shows that
   * the file was deleted.
   */
  private static SensorContext.FileIdentity readFile(Reader in) {
    String path = in.text("path", "");
    var traits = EnumSet.noneOf(FileTrait.class);
    for (FileTrait trait : FileTrait.values()) {
      if (in.flag(keyOf(trait))) {
        traits.add(trait);
      }
    }
    if (path.startsWith(SensorContext.CUT)) {
      traits.add(FileTrait.CUT);
    }
    if (path.endsWith(SensorContext.DELETED_MARK)
        && !in.fields.containsKey(keyOf(FileTrait.DELETED))) {
      path = path.substring(0, path.length() - SensorContext.DELETED_MARK.length());
      traits.add(FileTrait.DELETED);
      if (path.startsWith("/memfd:")) {
        traits.add(FileTrait.ANONYMOUS);
      }
    }
    return new SensorContext.FileIdentity(
        path,
        in.number("device", 0),
        in.number("inode", 0),
        in.number("ctime", 0),
        traits,
        in.fields.get("here") instanceof Value.Bool(boolean here) ? here : null);
  }

  private static SensorContext.Task readTask(Reader in) {
    var namespaces = new LinkedHashMap<String, Long>();
    Reader names = in.object("namespaces");
    if (names != null) {
      names.fields.keySet().forEach(name -> namespaces.put(name, names.number(name, 0)));
    }
    var ancestors = new ArrayList<SensorContext.Ancestor>();
    for (Value value : in.list("ancestors")) {
      if (value instanceof Value.Obj(var fields)) {
        var ancestor = new Reader(fields);
        ancestors.add(
            new SensorContext.Ancestor(
                (int) ancestor.number("pid", 0),
                ancestor.text("comm", ""),
                ancestor.text("exe"),
                ancestor.number("startTime", 0)));
      }
    }
    var arguments = new ArrayList<String>();
    for (Value value : in.list("args")) {
      if (value instanceof Value.Str(String text)) {
        arguments.add(text);
      }
    }
    return new SensorContext.Task(
        in.number("euid", 0),
        in.number("loginUid"),
        in.number("sessionId"),
        in.number("capabilities", 0),
        namespaces,
        in.text("cgroup", ""),
        arguments,
        in.flag("argsCut"),
        ancestors,
        in.text("modprobePath"));
  }

  /** Reads the fields that have the right type, and treats all others as absent. */
  private record Reader(Map<String, Value> fields) {

    @Nullable Long number(String key) {
      if (fields.get(key) instanceof Value.Num number) {
        OptionalLong bits = number.bits();
        return bits.isPresent() ? bits.getAsLong() : null;
      }
      return null;
    }

    long number(String key, long absent) {
      Long number = number(key);
      return number == null ? absent : number;
    }

    @Nullable String text(String key) {
      return fields.get(key) instanceof Value.Str(String text) ? text : null;
    }

    String text(String key, String absent) {
      String text = text(key);
      return text == null ? absent : text;
    }

    boolean flag(String key) {
      return fields.get(key) instanceof Value.Bool(boolean flag) && flag;
    }

    @Nullable Reader object(String key) {
      return fields.get(key) instanceof Value.Obj(var inner) ? new Reader(inner) : null;
    }

    List<Value> list(String key) {
      return fields.get(key) instanceof Value.Array(var values) ? values : List.of();
    }
  }
}

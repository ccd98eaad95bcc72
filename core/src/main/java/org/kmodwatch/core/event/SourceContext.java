package org.kmodwatch.core.event;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The facts on a module system call from a source that is not a kernel tracer, and a list of the
 * facts that the source lacks. Such a source has the call and its result, and nothing from inside
 * the call. The JSON has these facts under the event's key {@value #KEY}, so they survive writing
 * and reading.
 *
 * @param source {@value #AUDIT} or {@value #FALCO}
 * @param serial the audit event's serial number, which identifies an attempt together with time and
 *     process; 0 where the source has none
 * @param moduleName the module's own name, as reported by the kernel; null if it was not reported
 * @param filePath the absolute path of the file that the module was loaded from; null if the source
 *     does not have it
 * @param imageTaken whether the kernel must have had the module's bytes, judged by the result
 * @param codeMayHaveRun whether a call that did not succeed must have reached the step at which
 *     module code may run
 * @param effectiveUserId effective user id, unsigned 32-bit; null if not known
 * @param loginUserId the audit login uid, unsigned 32-bit; 4294967295 if never set; null if not
 *     known
 * @param sessionId the audit session, unsigned 32-bit; 4294967295 if never set; null if not known
 * @param arguments the command line; empty if not known
 * @param parentName the parent's comm; null if not known
 * @param parentExecutable the file that the parent executes; null if not known
 * @param parentIsKernelThread whether the source reports that the parent is a kernel thread
 * @param missing the facts of a load record that the source cannot know, or did not report here
 */
public record SourceContext(
    String source,
    long serial,
    @Nullable String moduleName,
    @Nullable String filePath,
    boolean imageTaken,
    boolean codeMayHaveRun,
    @Nullable Long effectiveUserId,
    @Nullable Long loginUserId,
    @Nullable Long sessionId,
    List<String> arguments,
    @Nullable String parentName,
    @Nullable String parentExecutable,
    boolean parentIsKernelThread,
    List<Missing> missing) {

  /** The key that holds this context in an event's JSON. */
  public static final String KEY = "kmodwatchSource";

  /** The source is Linux' audit log. */
  public static final String AUDIT = "audit";

  /** The source is Falco's alerts. */
  public static final String FALCO = "falco";

  /** Copies the lists. */
  public SourceContext {
    arguments = List.copyOf(arguments);
    missing = List.copyOf(missing);
  }

  /**
   * A fact that the source does not report.
   *
   * @param field key of the load record, with dots
   * @param why the reason, in words for a person
   */
  public record Missing(String field, String why) {}

  /** Returns the facts from the source of {@code event}; empty if it is not from such a source. */
  public static Optional<SourceContext> of(Event event) {
    Value value = event.unknownFields().get(KEY);
    return value instanceof Value.Obj(var fields)
        ? Optional.of(fields instanceof Known known ? known.context : read(fields))
        : Optional.empty();
  }

  /** Returns this context as an entry for {@link Event#unknownFields}. */
  public Map<String, Value> toUnknownFields() {
    return Map.of(KEY, new Value.Obj(new Known(this)));
  }

  /** The JSON fields, which also keep the context itself. */
  private static final class Known extends LazyFields {
    private final SourceContext context;

    Known(SourceContext context) {
      this.context = context;
    }

    @Override
    protected Map<String, Value> make() {
      return context.write();
    }
  }

  private Map<String, Value> write() {
    var out = new LinkedHashMap<String, Value>();
    out.put("source", Value.of(source));
    if (serial != 0) {
      out.put("serial", Value.ofUnsigned(serial));
    }
    put(out, "moduleName", moduleName);
    put(out, "filePath", filePath);
    put(out, "imageTaken", imageTaken);
    put(out, "codeMayHaveRun", codeMayHaveRun);
    put(out, "euid", effectiveUserId);
    put(out, "loginUid", loginUserId);
    put(out, "sessionId", sessionId);
    if (!arguments.isEmpty()) {
      out.put("args", Value.ofStrings(arguments));
    }
    put(out, "parentName", parentName);
    put(out, "parentExecutable", parentExecutable);
    put(out, "parentIsKernelThread", parentIsKernelThread);
    var list = new ArrayList<Value>();
    for (Missing each : missing) {
      var fields = new LinkedHashMap<String, Value>();
      fields.put("field", Value.of(each.field));
      fields.put("why", Value.of(each.why));
      list.add(new Value.Obj(fields));
    }
    out.put("missing", new Value.Array(list));
    return out;
  }

  private static void put(Map<String, Value> out, String key, @Nullable String text) {
    if (text != null) {
      out.put(key, Value.of(text));
    }
  }

  private static void put(Map<String, Value> out, String key, @Nullable Long number) {
    if (number != null) {
      out.put(key, Value.of(number.longValue()));
    }
  }

  private static void put(Map<String, Value> out, String key, boolean flag) {
    if (flag) {
      out.put(key, Value.of(true));
    }
  }

  /** Reads the fields that have the right type, and treats all others as absent. */
  private static SourceContext read(Map<String, Value> in) {
    var arguments = new ArrayList<String>();
    for (Value value : list(in, "args")) {
      if (value instanceof Value.Str(String text)) {
        arguments.add(text);
      }
    }
    var missing = new ArrayList<Missing>();
    for (Value value : list(in, "missing")) {
      if (value instanceof Value.Obj(var fields)) {
        String field = text(fields, "field");
        String why = text(fields, "why");
        if (field != null && why != null) {
          missing.add(new Missing(field, why));
        }
      }
    }
    String source = text(in, "source");
    Long serial = number(in, "serial");
    return new SourceContext(
        source == null ? "" : source,
        serial == null ? 0 : serial,
        text(in, "moduleName"),
        text(in, "filePath"),
        flag(in, "imageTaken"),
        flag(in, "codeMayHaveRun"),
        number(in, "euid"),
        number(in, "loginUid"),
        number(in, "sessionId"),
        arguments,
        text(in, "parentName"),
        text(in, "parentExecutable"),
        flag(in, "parentIsKernelThread"),
        missing);
  }

  private static @Nullable String text(Map<String, Value> in, String key) {
    return in.get(key) instanceof Value.Str(String text) ? text : null;
  }

  private static @Nullable Long number(Map<String, Value> in, String key) {
    return in.get(key) instanceof Value.Num number && number.bits().isPresent()
        ? number.bits().getAsLong()
        : null;
  }

  private static boolean flag(Map<String, Value> in, String key) {
    return in.get(key) instanceof Value.Bool(boolean flag) && flag;
  }

  private static List<Value> list(Map<String, Value> in, String key) {
    return in.get(key) instanceof Value.Array(var values) ? values : List.of();
  }
}

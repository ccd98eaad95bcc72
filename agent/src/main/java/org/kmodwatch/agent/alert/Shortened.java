package org.kmodwatch.agent.alert;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.FieldVisitor;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadSchema;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.text.Beginnings;

/**
 * Shortens a subject that is kept until its repeats are summed up. It cuts texts and lists (paths,
 * arguments, parameters, names) that the loader of a module or the author of a recording chooses.
 * So nobody can fill the heap with them. The texts of an ordinary load are shorter and stay
 * unchanged.
 */
final class Shortened {

  /** Marks a record that was cut. */
  static final LoadRecord.Gap GAP =
      new LoadRecord.Gap("record", "long texts are cut in a summary of repeats");

  /** Lists the keys of fields that only Kmodwatch or the operator fills. */
  private static final Set<String> OURS = Set.of("findings", "policy", "capabilities");

  private static final int MAX_CHARS = 256;
  private static final int MAX_ELEMENTS = 16;
  private static final int MAX_DEPTH = 4;
  private static final long BYTES_OF_A_RECORD = 1024;
  private static final long BYTES_OF_A_TEXT = 56;

  private boolean cut;
  private long chars;
  private long texts;

  private Shortened() {}

  /**
   * Holds a shortened subject.
   *
   * @param subject the subject, without long texts
   * @param bytes the approximate heap size, in bytes
   */
  record Kept(Alert.Subject subject, long bytes) {}

  static Kept of(Alert.Subject subject) {
    var shortened = new Shortened();
    Alert.Subject kept =
        switch (subject) {
          case Alert.Subject.OfLoad(LoadRecord record) ->
              new Alert.Subject.OfLoad(shortened.record(record));
          case Alert.Subject.OfFinding(Finding finding) ->
              new Alert.Subject.OfFinding(shortened.finding(finding));
        };
    long bytes =
        BYTES_OF_A_RECORD + BYTES_OF_A_TEXT * shortened.texts + Character.BYTES * shortened.chars;
    return new Kept(shortened.cut ? kept : subject, bytes);
  }

  private LoadRecord record(LoadRecord record) {
    LoadRecord kept = LoadSchema.visit(new Cutter(), record);
    return cut ? kept.withGap(GAP) : kept;
  }

  /** Cuts the texts and lists of a record. */
  private final class Cutter implements FieldVisitor {
    @Override
    public @Nullable String text(String key, String description, @Nullable String value) {
      return optional(value);
    }

    @Override
    public List<String> texts(String key, String description, List<String> values) {
      return OURS.contains(key) ? values : list(values, Shortened.this::text);
    }

    @Override
    public <R> List<R> objects(
        String key, String description, List<R> values, R blank, Fields<R> fields) {
      return list(values, each -> fields.visit(this, each));
    }

    @Override
    public <R> @Nullable R optionalObject(
        String key, String description, @Nullable R value, R blank, Fields<R> fields) {
      return value == null || OURS.contains(key) ? value : fields.visit(this, value);
    }
  }

  private ContainerContext container(ContainerContext c) {
    return new ContainerContext(
        optional(c.id()),
        optional(c.name()),
        optional(c.image()),
        optional(c.imageDigest()),
        optional(c.runtime()));
  }

  private KubernetesContext kubernetes(KubernetesContext k) {
    return new KubernetesContext(
        optional(k.podName()), optional(k.podNamespace()), optional(k.podUid()), k.podSandbox());
  }

  private Finding finding(Finding finding) {
    Event event = finding.event();
    ProcessContext p = event.process();
    List<Argument> args = event.args();
    if (!event.unknownFields().isEmpty() || event.stackAddresses() != null) {
      cut = true;
    }
    var shortened =
        Event.builder(text(event.eventName()), event.timestampNanos())
            .source(text(event.source()))
            .process(
                new ProcessContext(
                    p.threadStartTimeNanos(),
                    p.processorId(),
                    p.processId(),
                    p.threadId(),
                    p.parentProcessId(),
                    p.hostProcessId(),
                    p.hostThreadId(),
                    p.hostParentProcessId(),
                    p.cgroupId(),
                    p.userId(),
                    p.mountNamespace(),
                    p.pidNamespace(),
                    text(p.processName()),
                    optional(p.executablePath()),
                    p.entityIds()))
            .hostName(text(event.hostName()))
            .container(container(event.container()))
            .kubernetes(kubernetes(event.kubernetes()))
            .eventId(text(event.eventId()))
            .matchedPolicies(
                event.matchedPolicies() == null ? null : list(event.matchedPolicies(), this::text))
            .returnValue(event.returnValue())
            .syscall(text(event.syscall()))
            .containerStarted(event.containerStarted())
            .compat(event.compat())
            .args(
                args == null
                    ? null
                    : list(
                        args,
                        a -> new Argument(text(a.name()), text(a.type()), value(a.value(), 0))))
            .metadata(event.metadata() == null ? null : value(event.metadata(), 0))
            .build();
    Value data = finding.data();
    return new Finding(finding.metadata(), shortened, data == null ? null : value(data, 0));
  }

  private Value value(Value value, int depth) {
    if (depth > MAX_DEPTH) {
      cut = true;
      return Value.NULL;
    }
    return switch (value) {
      case Value.Null _, Value.Bool _ -> value;
      case Value.Num(String text) -> text.length() > MAX_CHARS ? Value.of(text(text)) : value;
      case Value.Str(String text) -> Value.of(text(text));
      case Value.Array(var elements) ->
          new Value.Array(list(elements, element -> value(element, depth + 1)));
      case Value.Obj(var fields) -> {
        var kept = new LinkedHashMap<String, Value>();
        for (Map.Entry<String, Value> field : fields.entrySet()) {
          if (kept.size() == MAX_ELEMENTS) {
            cut = true;
            break;
          }
          kept.put(text(field.getKey()), value(field.getValue(), depth + 1));
        }
        yield new Value.Obj(kept);
      }
    };
  }

  private @Nullable String optional(@Nullable String text) {
    return text == null ? null : text(text);
  }

  private String text(String text) {
    String kept = text;
    if (text.length() > MAX_CHARS) {
      cut = true;
      kept = Beginnings.of(text, MAX_CHARS - 1) + "…";
    }
    texts++;
    chars += kept.length();
    return kept;
  }

  private <T> List<T> list(List<T> elements, UnaryOperator<T> shorten) {
    if (elements.size() > MAX_ELEMENTS) {
      cut = true;
    }
    return elements.stream().limit(MAX_ELEMENTS).map(shorten).map(Objects::requireNonNull).toList();
  }
}

package org.kmodwatch.agent.alert;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.text.Beginnings;

/**
 * What is kept of a subject until its repeats are summed up: texts and lists that whoever loads a
 * module, or writes a recording, chooses (paths, arguments, parameters, names) are cut, so that
 * nobody can fill the heap with them. What an ordinary load says is shorter and stays as it is.
 */
final class Shortened {

  /** The gap of a record that was cut. */
  static final LoadRecord.Gap GAP =
      new LoadRecord.Gap("record", "long texts are cut in a summary of repeats");

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
   * A subject that is kept.
   *
   * @param subject with no long text in it
   * @param bytes about how much of the heap it takes
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

  private LoadRecord record(LoadRecord r) {
    LoadRecord.ModuleDetails m = r.module();
    LoadRecord.ModuleFile f = r.file();
    LoadRecord.ProcessDetails loader = r.loader();
    LoadRecord.Requester requester = r.requester();
    var route =
        new LoadRecord.Route(
            optional(r.route().syscall()),
            optional(r.route().abi()),
            list(r.route().flags(), this::text),
            optional(r.route().params()),
            r.route().memoryOnly(),
            optional(r.route().compression()),
            r.route().autoload());
    var module =
        new LoadRecord.ModuleDetails(
            optional(m.name()),
            optional(m.version()),
            optional(m.srcversion()),
            optional(m.vermagic()),
            optional(m.license()),
            optional(m.description()),
            optional(m.author()),
            m.intree(),
            list(m.depends(), this::text),
            list(m.taints(), this::text),
            m.sizeBytes(),
            list(m.usedBy(), this::text));
    LoadRecord.ModuleFile file =
        f == null
            ? null
            : new LoadRecord.ModuleFile(
                text(f.path()),
                f.device(),
                f.inode(),
                f.ctimeNanos(),
                f.deleted(),
                f.place(),
                f.owner() == null ? null : owner(f.owner()));
    LoadRecord.ProcessDetails by = loader == null ? null : process(loader);
    LoadRecord.Requester asked =
        requester == null
            ? null
            : new LoadRecord.Requester(
                optional(requester.alias()),
                process(requester.process()),
                optional(requester.modprobePath()));
    List<LoadRecord.Gap> gaps =
        list(r.gaps(), gap -> new LoadRecord.Gap(text(gap.field()), text(gap.why())));
    if (cut) {
      gaps = new ArrayList<>(gaps);
      gaps.add(GAP);
    }
    return new LoadRecord(
        r.id(),
        r.timeNanos(),
        r.durationNanos(),
        host(r.host()),
        r.action(),
        r.outcome(),
        r.returnValue(),
        optional(r.errno()),
        optional(r.reason()),
        route,
        module,
        r.image() == null ? null : image(r.image()),
        file,
        by,
        asked,
        container(r.container()),
        kubernetes(r.kubernetes()),
        r.codeMayHaveRun(),
        r.preExisting(),
        r.retryOf(),
        r.waitedOn(),
        r.findings(),
        r.policy(),
        r.repeats(),
        gaps);
  }

  private LoadRecord.Host host(LoadRecord.Host h) {
    return new LoadRecord.Host(
        optional(h.name()),
        optional(h.machineId()),
        optional(h.bootId()),
        optional(h.kernel()),
        optional(h.arch()));
  }

  private LoadRecord.Image image(LoadRecord.Image i) {
    LoadRecord.Image.Decompressed inside = i.decompressed();
    LoadRecord.ModuleSignature signature = i.signature();
    return new LoadRecord.Image(
        optional(i.sha256()),
        i.sizeBytes(),
        i.source(),
        i.complete(),
        inside == null
            ? null
            : new LoadRecord.Image.Decompressed(text(inside.sha256()), inside.sizeBytes()),
        signature == null
            ? null
            : new LoadRecord.ModuleSignature(
                signature.status(),
                optional(signature.signer()),
                optional(signature.keyId()),
                optional(signature.digest())),
        optional(i.kept()));
  }

  private LoadRecord.PackageOwner owner(LoadRecord.PackageOwner o) {
    return new LoadRecord.PackageOwner(
        text(o.manager()), text(o.name()), text(o.version()), o.changed());
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

  private LoadRecord.ProcessDetails process(LoadRecord.ProcessDetails p) {
    return new LoadRecord.ProcessDetails(
        p.pid(),
        p.tid(),
        p.parentPid(),
        p.hostPid(),
        text(p.comm()),
        optional(p.exe()),
        list(p.args(), this::text),
        p.uid(),
        p.euid(),
        p.loginUid(),
        p.sessionId(),
        p.capabilities(),
        p.startTimeNanos(),
        p.namespaces(),
        optional(p.cgroup()),
        list(
            p.ancestors(),
            a -> new LoadRecord.Ancestor(a.pid(), text(a.comm()), optional(a.exe()))));
  }

  private Finding finding(Finding finding) {
    Event event = finding.event();
    ProcessContext p = event.process();
    List<Argument> args = event.args();
    if (!event.unknownFields().isEmpty() || event.stackAddresses() != null) {
      cut = true;
    }
    var shortened =
        new Event(
            text(event.source()),
            event.timestampNanos(),
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
                p.entityIds()),
            text(event.hostName()),
            container(event.container()),
            kubernetes(event.kubernetes()),
            text(event.eventId()),
            text(event.eventName()),
            event.matchedPolicies() == null ? null : list(event.matchedPolicies(), this::text),
            event.returnValue(),
            text(event.syscall()),
            null,
            event.containerStarted(),
            event.compat(),
            args == null
                ? null
                : list(
                    args, a -> new Argument(text(a.name()), text(a.type()), value(a.value(), 0))),
            event.metadata() == null ? null : value(event.metadata(), 0),
            Map.of());
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

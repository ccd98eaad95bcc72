package org.kmodwatch.agent.format;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ProcessDetails;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * The content of a notice of any kind. Foreign formats have one form for all kinds.
 *
 * @param id the id of the notice
 * @param kind the kind of the notice
 * @param timeNanos the time of the event, nanoseconds since the epoch; of an alert the first time
 * @param lastNanos the last time; the same for a single event
 * @param count the number of times
 * @param signatures the signatures that matched, the most severe first
 * @param load the load or unload; null if the notice has none, or only an event of an incomplete
 *     one
 * @param event the event that caused a finding; null if it is not a finding
 */
record Facts(
    String id,
    Notice.Kind kind,
    long timeNanos,
    long lastNanos,
    long count,
    List<SignatureMetadata> signatures,
    @Nullable LoadRecord load,
    @Nullable Event event) {

  Facts {
    signatures = List.copyOf(signatures);
  }

  static Facts of(Notice.Report notice, String id, Catalogue catalogue) {
    return switch (notice) {
      case Notice.OfLoad(LoadRecord load) ->
          new Facts(
              id,
              notice.kind(),
              load.timeNanos(),
              load.timeNanos(),
              load.repeats(),
              catalogue.of(load),
              load,
              null);
      case Notice.OfFinding(Finding finding) ->
          ofFinding(finding, id, notice.kind(), 1, notice.timeNanos(), notice.timeNanos());
      case Notice.OfAlert(Alert alert) ->
          switch (alert.subject()) {
            case Alert.Subject.OfLoad(LoadRecord load) ->
                new Facts(
                    id,
                    notice.kind(),
                    alert.firstNanos(),
                    alert.lastNanos(),
                    alert.count(),
                    alert.signatures(),
                    load,
                    null);
            case Alert.Subject.OfFinding(Finding finding) ->
                ofFinding(
                    finding,
                    id,
                    notice.kind(),
                    alert.count(),
                    alert.firstNanos(),
                    alert.lastNanos());
          };
    };
  }

  private static Facts ofFinding(
      Finding finding, String id, Notice.Kind kind, long count, long first, long last) {
    return new Facts(
        id,
        kind,
        first,
        last,
        count,
        List.of(finding.metadata()),
        LoadRecords.of(finding.event()).orElse(null),
        finding.event());
  }

  Optional<SignatureMetadata> signature() {
    return signatures.stream().findFirst();
  }

  /** Returns the severity of the most severe signature; 0 if none matched. */
  int severity() {
    return signature().map(SignatureMetadata::severity).orElse(0);
  }

  /** Returns the severity as an index for another format's values for 0 to 3. */
  int level() {
    return Math.clamp(severity(), 0, 3);
  }

  /** Returns the last part of a path. */
  static String fileName(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return name.isEmpty() ? path : name;
  }

  /** Returns the host of the event. */
  LoadRecord.Host host() {
    if (load != null) {
      return load.host();
    }
    return event == null || event.hostName().isEmpty()
        ? LoadRecord.Host.UNKNOWN
        : new LoadRecord.Host(event.hostName(), null, null, null, null);
  }

  /** Returns whether the notice is about a request without a load. */
  boolean isRequest() {
    return load != null && load.isRequest();
  }

  /**
   * Returns the process that made the call. For a request it returns the requesting process, the
   * only known one.
   */
  Optional<ProcessDetails> loader() {
    if (load != null) {
      return isRequest() ? load.askedBy() : Optional.ofNullable(load.loader());
    }
    return event == null ? Optional.empty() : Optional.of(process(event));
  }

  /** Returns the process for which the call was made. */
  Optional<ProcessDetails> askedBy() {
    return load == null ? loader() : load.askedBy();
  }

  private static ProcessDetails process(Event event) {
    var process = event.process();
    return new ProcessDetails(
        process.processId(),
        process.threadId(),
        process.parentProcessId(),
        process.hostProcessId(),
        process.processName(),
        process.executablePath(),
        List.of(),
        process.userId(),
        null,
        null,
        null,
        List.of(),
        process.threadStartTimeNanos(),
        Map.of(),
        null,
        List.of());
  }

  /** Returns the path of the module's file, if it is known. */
  Optional<String> path() {
    if (load != null) {
      return Optional.ofNullable(load.file()).map(LoadRecord.ModuleFile::path);
    }
    return event == null
        ? Optional.empty()
        : event.stringArgument("pathname").filter(path -> !path.isEmpty());
  }

  /** Returns the title: the most severe signature's name, or the event. */
  String title() {
    return signature()
        .map(SignatureMetadata::name)
        .orElseGet(() -> load == null ? "Kernel module event" : "Kernel module " + happened(load));
  }

  /** Returns one sentence for a person. */
  String message() {
    String what = load == null ? ofEvent() : ofLoad(load);
    String titled = signature().map(signature -> signature.name() + ": ").orElse("") + what;
    return count > 1 ? "%s (%d times)".formatted(titled, count) : titled;
  }

  private String ofLoad(LoadRecord load) {
    LoadRecord.Requester requester = load.requester();
    String name = load.nameOrAlias();
    var text = new StringBuilder("kernel module ");
    text.append(name == null ? "(name not known)" : name);
    text.append(' ').append(happened(load));
    path().ifPresent(path -> text.append(" from ").append(path));
    if (load.reason() != null) {
      text.append(", ").append(load.reason());
      if (load.errno() != null && !load.reason().contains(load.errno())) {
        text.append(" (").append(load.errno()).append(')');
      }
    }
    loader().ifPresent(loader -> text.append(" by ").append(named(loader)));
    if (requester != null && !isRequest()) {
      text.append(" for ").append(named(requester.process()));
      if (requester.alias() != null) {
        text.append(", who made the kernel ask for ").append(requester.alias());
      }
    }
    return text.toString();
  }

  private String ofEvent() {
    var text = new StringBuilder(event == null ? "event" : event.eventName());
    path().ifPresent(path -> text.append(" of ").append(path));
    loader().ifPresent(loader -> text.append(" by ").append(named(loader)));
    return text.toString();
  }

  private static String named(ProcessDetails process) {
    return "%s[%s] uid %s"
        .formatted(
            process.comm().isEmpty() ? "?" : process.comm(),
            process.hostPid() == 0 ? "?" : process.hostPid(),
            process.knownUid() == null ? "?" : process.knownUid());
  }

  private static String happened(LoadRecord load) {
    return switch (load.outcome()) {
      case LOADED, UNLOADED -> word(load.outcome());
      case REFUSED, FAILED -> "%s %s".formatted(word(load.action()), word(load.outcome()));
      case UNKNOWN -> "%s of unknown outcome".formatted(word(load.action()));
    };
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}

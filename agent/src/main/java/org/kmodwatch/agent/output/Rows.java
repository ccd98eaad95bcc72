package org.kmodwatch.agent.output;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadEvent;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/** Creates rows for loads and requests, and for findings that no such row will show. */
final class Rows {

  /** The events that Kmodwatch emits about itself. */
  private static final Set<String> OF_THE_SENSOR =
      Set.of(EventNames.SENSOR_BLIND, EventNames.EVENTS_LOST, EventNames.OUTPUT_STALLED);

  private final UserNames users;
  private final LoadRows loads;

  /** The signatures by id, because a load record holds only the ids of its findings. */
  private final Map<String, SignatureMetadata> signatures = new HashMap<>();

  Rows(UserNames users) {
    this.users = users;
    this.loads = new LoadRows(users, signatures);
  }

  /** Returns the row for a finding; empty if a load's row will show it. */
  Optional<Row> ofFinding(Finding finding) {
    SignatureMetadata signature = finding.metadata();
    signatures.put(signature.id(), signature);
    Event event = finding.event();
    if (LoadEvent.isPartOfALoad(event)) {
      return Optional.empty();
    }
    if (OF_THE_SENSOR.contains(event.eventName())) {
      Row.Tone tone = LoadRows.toneOf(signature);
      return Optional.of(
          new Row(
              event.timestampNanos(),
              signature.id(),
              "kmodwatch",
              argument(event, "part").or(() -> argument(event, "output")).orElse("-"),
              signature.name(),
              tone,
              detail(event),
              tone));
    }
    return Optional.of(
        new Row(
            event.timestampNanos(),
            signature.id(),
            who(event),
            module(event),
            signature.name(),
            LoadRows.toneOf(signature)));
  }

  Row ofLoad(LoadRecord load) {
    return loads.of(load);
  }

  private static String detail(Event event) {
    return switch (event.argument("reasons").orElse(Value.NULL)) {
      case Value.Array(var reasons) ->
          reasons.stream()
              .map(reason -> reason instanceof Value.Str(String text) ? text : "")
              .collect(Collectors.joining("; "));
      default -> argument(event, "detail").orElse("");
    };
  }

  private static String module(Event event) {
    return argument(event, "pathname")
        .or(() -> argument(event, "kmod_name"))
        .or(() -> argument(event, "name"))
        .orElse("-");
  }

  private static Optional<String> argument(Event event, String name) {
    return event.stringArgument(name).filter(text -> !text.isEmpty());
  }

  private String who(Event event) {
    return "%s[%d] %s"
        .formatted(
            event.process().processName(),
            event.process().hostProcessId(),
            users.nameOf(event.process().userId()));
  }
}

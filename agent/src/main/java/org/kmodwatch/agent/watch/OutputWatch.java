package org.kmodwatch.agent.watch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;

/**
 * Watches the outputs. It emits an event for each output that stalls, recovers or loses records. It
 * has no thread: {@link #tick} does the work.
 */
public final class OutputWatch {

  /** The interval between two events about an output's losses. */
  private static final Duration LOSS_INTERVAL = Duration.ofSeconds(10);

  private final String hostName;
  private final Consumer<String> notes;
  private final Map<String, Stall> stalled = new LinkedHashMap<>();
  private final Map<String, Report> reports = new HashMap<>();

  /** The losses of an output that were reported last. */
  private record Report(long lost, long atNanos) {}

  /**
   * Creates a watch.
   *
   * @param notes receives a message for a person for each event, because not every output shows
   *     events
   */
  OutputWatch(String hostName, Consumer<String> notes) {
    this.hostName = hostName;
    this.notes = notes;
  }

  /** Returns the outputs that accept nothing now. */
  List<Stall> stalled() {
    return List.copyOf(stalled.values());
  }

  /**
   * Compares the outputs with their last state. Returns an event for each change.
   *
   * @param now the time for the events
   * @param nowNanos the time of a clock that is never set
   * @param stalls the outputs that accept nothing
   * @param lost the number of lost records for each output, by its name
   */
  List<Event> tick(Instant now, long nowNanos, List<Stall> stalls, Map<String, Long> lost) {
    var events = new ArrayList<Event>();
    for (Stall stall : stalls) {
      if (stalled.put(stall.output(), stall) == null) {
        notes.accept("output: %s: %s".formatted(stall.output(), stall.detail()));
        events.add(event(EventNames.OUTPUT_STALLED, now, about(stall)));
      }
    }
    List<String> names = stalls.stream().map(Stall::output).toList();
    for (Stall was : List.copyOf(stalled.values())) {
      if (!names.contains(was.output())) {
        stalled.remove(was.output());
        notes.accept(
            "output: %s: accepts again, had not since %s".formatted(was.output(), was.since()));
        events.add(event(EventNames.OUTPUT_RECOVERED, now, about(was)));
      }
    }
    lost.forEach((output, count) -> addLoss(output, count, now, nowNanos, events));
    return events;
  }

  /**
   * Adds an event about new losses. While the output accepts nothing, it adds none: the event would
   * be lost there too, and count as one more loss.
   */
  private void addLoss(String output, long lost, Instant now, long nowNanos, List<Event> events) {
    Report last = reports.get(output);
    if (lost <= (last == null ? 0 : last.lost())
        || stalled.containsKey(output)
        || (last != null && nowNanos - last.atNanos() < LOSS_INTERVAL.toNanos())) {
      return;
    }
    long count = lost - (last == null ? 0 : last.lost());
    reports.put(output, new Report(lost, nowNanos));
    String reason = "output %s: not accepted (%d since the start)".formatted(output, lost);
    notes.accept("lost %d: %s".formatted(count, reason));
    events.add(
        OwnEvents.lost(
            hostName,
            now,
            count,
            List.of(reason),
            new Argument("output", "string", Value.of(output))));
  }

  private static List<Argument> about(Stall stall) {
    return List.of(
        new Argument("output", "string", Value.of(stall.output())),
        new Argument("detail", "string", Value.of(stall.detail())),
        new Argument("since", "string", Value.of(stall.since().toString())));
  }

  private Event event(String name, Instant now, List<Argument> args) {
    return OwnEvents.event(hostName, name, now, args);
  }
}

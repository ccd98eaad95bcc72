package org.kmodwatch.agent.watch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.sensor.ClockStep;
import org.kmodwatch.sensor.LeftBehind;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * Watches the sensor. It emits an event for each part that goes blind or sees again, and for
 * losses. It has no thread: {@link #tick} does the work.
 */
public final class SensorWatch {

  /** The interval between two events about losses. */
  private static final Duration LOSS_INTERVAL = Duration.ofSeconds(10);

  private final String hostName;
  private final Consumer<String> notes;
  private final LongSupplier nanoTime;
  private final Map<String, Blind> blind = new LinkedHashMap<>();
  private long lossReportedNanos;
  private long lost;

  /**
   * Creates a watch.
   *
   * @param notes receives a message for a person for each event, because not every output shows
   *     events
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  SensorWatch(String hostName, Consumer<String> notes, LongSupplier nanoTime) {
    this.hostName = hostName;
    this.notes = notes;
    this.nanoTime = nanoTime;
  }

  /** A blind part of the sensor, and since when it is blind. */
  record Blind(SensorFault fault, Instant since) {}

  /** Returns the parts that are blind now. */
  List<Blind> blind() {
    return List.copyOf(blind.values());
  }

  /**
   * Compares the sensor's state with the last one. Returns an event for each change.
   *
   * @param now the time for the events; no wait depends on it
   */
  List<Event> tick(Instant now, List<SensorFault> faults, SensorStatistics statistics) {
    var events = new ArrayList<Event>();
    for (SensorFault fault : faults) {
      if (blind.putIfAbsent(fault.part(), new Blind(fault, now)) == null) {
        notes.accept("blind: %s: %s".formatted(fault.part(), fault.detail()));
        events.add(event(EventNames.SENSOR_BLIND, now, about(fault, now)));
      }
    }
    List<String> parts = faults.stream().map(SensorFault::part).toList();
    for (Blind was : List.copyOf(blind.values())) {
      if (!parts.contains(was.fault().part())) {
        blind.remove(was.fault().part());
        notes.accept("sees again: %s, blind since %s".formatted(was.fault().part(), was.since()));
        events.add(event(EventNames.SENSOR_RECOVERED, now, about(was.fault(), was.since())));
      }
    }
    if (statistics.lost() > lost
        && (lost == 0 || nanoTime.getAsLong() - lossReportedNanos >= LOSS_INTERVAL.toNanos())) {
      events.add(loss(now, statistics));
    }
    return events;
  }

  /** Returns an event about the losses since the last such event, if there were any. */
  List<Event> finish(Instant now, SensorStatistics statistics) {
    return statistics.lost() > lost ? List.of(loss(now, statistics)) : List.of();
  }

  private Event loss(Instant now, SensorStatistics statistics) {
    long count = statistics.lost() - lost;
    lost = statistics.lost();
    lossReportedNanos = nanoTime.getAsLong();
    var reasons = new ArrayList<String>();
    reason(reasons, "lane attempts: no room in the ring", statistics.attempts().ringFull());
    reason(reasons, "lane loads: no room in the ring", statistics.loads().ringFull());
    reason(reasons, "no work space in the kernel", statistics.noWorkSpace());
    reason(
        reasons,
        "not understood",
        statistics.attempts().malformed() + statistics.loads().malformed());
    reason(reasons, "lane attempts: sent, and not in the ring", statistics.attempts().missing());
    reason(reasons, "lane loads: sent, and not in the ring", statistics.loads().missing());
    reason(
        reasons,
        "left in the rings at the end",
        statistics.attempts().unread() + statistics.loads().unread());
    return lost(now, count, reasons);
  }

  /**
   * Returns an event for each set of unread records of replaced programs. These records are lost.
   */
  List<Event> replaced(Instant now, List<LeftBehind> unread) {
    return unread.stream().map(left -> lost(now, left.records(), List.of(left.detail()))).toList();
  }

  /** Returns an event for each time that the clock was set. */
  List<Event> clockSet(List<ClockStep> steps) {
    var events = new ArrayList<Event>();
    for (ClockStep step : steps) {
      boolean back = step.by().isNegative();
      notes.accept(
          "clock set %s: from %s to %s"
              .formatted(back ? "back" : "forward", step.from(), step.to()));
      events.add(
          event(
              EventNames.CLOCK_SET,
              step.to(),
              List.of(
                  new Argument("from", "string", Value.of(step.from().toString())),
                  new Argument("to", "string", Value.of(step.to().toString())),
                  new Argument("byNanos", "long", Value.of(step.by().toNanos())))));
    }
    return events;
  }

  private Event lost(Instant now, long count, List<String> reasons) {
    notes.accept("lost %d: %s".formatted(count, String.join("; ", reasons)));
    return OwnEvents.lost(hostName, now, count, reasons);
  }

  private static void reason(List<String> reasons, String words, long inAll) {
    if (inAll > 0) {
      reasons.add(words + " (" + inAll + " since the start)");
    }
  }

  private static List<Argument> about(SensorFault fault, Instant since) {
    return List.of(
        new Argument("part", "string", Value.of(fault.part())),
        new Argument("detail", "string", Value.of(fault.detail())),
        new Argument("since", "string", Value.of(since.toString())));
  }

  private Event event(String name, Instant now, List<Argument> args) {
    return OwnEvents.event(hostName, name, now, args);
  }
}

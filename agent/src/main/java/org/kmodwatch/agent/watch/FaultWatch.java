package org.kmodwatch.agent.watch;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.pipeline.Judged;
import org.kmodwatch.agent.shell.Complaints;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.load.Identity;

/**
 * Lets a run go on when something in the agent cannot handle an event: says which one, and makes an
 * event of what was passed over. What the whole machine has too little of, memory before all, still
 * ends the run. No thread of its own: {@link #tick} does it.
 */
public final class FaultWatch {

  /** From one event about what was passed over to the next. */
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private final String hostName;
  private final Complaints complaints;
  private final LongSupplier nanoTime;
  private long passedOver;
  private long reported;
  private long reportedNanos;
  private String last = "";

  /**
   * Makes one.
   *
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  FaultWatch(String hostName, Shell shell, LongSupplier nanoTime) {
    this.hostName = hostName;
    this.complaints = new Complaints(shell, "events passed over");
    this.nanoTime = nanoTime;
  }

  /** Reports a step that failed. */
  void failed(Judged.Failed failed) {
    add(failed.event(), "%s (a fault of kmodwatch)".formatted(failed.fault()));
  }

  /** Passes over an event of an attempt that ended an agent before this one. */
  void endedBefore(Event event) {
    add(event, "an agent ended at this attempt");
  }

  private void add(@Nullable Event event, String why) {
    last = "passed over: %s: %s".formatted(nameOf(event), why);
    complaints.add(last);
    // Of those about losses it is told on standard error alone: another would fail as they did.
    if (event == null || !event.eventName().equals(EventNames.EVENTS_LOST)) {
      passedOver++;
    }
  }

  private static String nameOf(@Nullable Event event) {
    return event == null
        ? "what rests on no event"
        : "%s of attempt %s, by %s[%d]"
            .formatted(
                event.eventName(),
                Identity.recordId(event),
                event.process().processName(),
                event.process().hostProcessId());
  }

  /** Returns an event about the skipped events, if more were skipped and the interval is over. */
  List<Event> tick(Instant now) {
    boolean due = reported == 0 || nanoTime.getAsLong() - reportedNanos >= INTERVAL.toNanos();
    return due ? sinceLast(now) : List.of();
  }

  /** Returns an event about the events skipped since the last one, if there are any. */
  List<Event> finish(Instant now) {
    List<Event> events = sinceLast(now);
    complaints.finish();
    return events;
  }

  private List<Event> sinceLast(Instant now) {
    if (passedOver == reported) {
      return List.of();
    }
    long count = passedOver - reported;
    reported = passedOver;
    reportedNanos = nanoTime.getAsLong();
    return List.of(
        OwnEvents.lost(
            hostName, now, count, List.of(last + " (%d since the start)".formatted(passedOver))));
  }
}

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
 * Keeps a run alive when the agent cannot handle an event. It reports the skipped event, and emits
 * an event that counts the skipped ones. A shortage on the whole machine, above all of memory,
 * still ends the run. It has no thread: {@link #tick} does the work.
 */
public final class FaultWatch {

  /** The interval between two events about skipped events. */
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private final String hostName;
  private final Complaints complaints;
  private final LongSupplier nanoTime;
  private long passedOver;
  private long reported;
  private long reportedNanos;
  private String last = "";

  /**
   * Creates a watch.
   *
   * @param nanoTime a clock that nobody can set, as {@link System#nanoTime}
   */
  FaultWatch(String hostName, Shell shell, LongSupplier nanoTime) {
    this.hostName = hostName;
    this.complaints = new Complaints(shell, "events passed over");
    this.nanoTime = nanoTime;
  }

  /** Reports a step that failed, and counts its event as skipped. */
  void failed(Judged.Failed failed) {
    add(failed.event(), "%s (a fault of kmodwatch)".formatted(failed.fault()));
  }

  /** Counts an event as skipped because its attempt ended an earlier agent. */
  void endedBefore(Event event) {
    add(event, "an agent ended at this attempt");
  }

  private void add(@Nullable Event event, String why) {
    last = "passed over: %s: %s".formatted(nameOf(event), why);
    complaints.add(last);
    // A skipped event about losses is reported on standard error only: another one would fail too.
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

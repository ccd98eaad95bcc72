package org.kmodwatch.core.audit;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;

/**
 * Joins the records of audit events. Records of different events may be interleaved.
 *
 * <p>The kernel writes all records of an event together (audit_log_exit in kernel/auditsc.c). The
 * order is SYSCALL, then KERN_MODULE, CWD and PATH if present, then PROCTITLE, then EOE, which
 * auditd does not write to the log. An event is therefore complete with its PROCTITLE or EOE. In
 * the order of ausearch without {@code --raw}, which is reversed, it is complete with its SYSCALL.
 * The audit rules may exclude these records. Then an event ends after {@value #MAX_AGE_SECONDS} s
 * on the log's clock, as in auparse, or after {@value #MAX_LATER} other events have begun.
 *
 * <p>The joiner holds at most {@value #MAX_OPEN} incomplete events, and about 8 MiB of their text,
 * because the writer of the log controls its length. Beyond these limits the oldest event ends
 * early. Not thread-safe.
 */
public final class AuditJoiner {

  private static final int MAX_AGE_SECONDS = 2;
  private static final int MAX_LATER = 512;
  private static final int MAX_OPEN = 1024;
  private static final long MAX_BYTES = 8L << 20;
  private static final long BYTES_OF_AN_EVENT = 512;
  private static final long BYTES_OF_A_TEXT = 56;
  private static final long MAX_AGE_NANOS = MAX_AGE_SECONDS * 1_000_000_000L;

  /** The incomplete events, in the order in which they began. */
  private final Map<AuditId, Open> open = new LinkedHashMap<>();

  private long clockNanos;
  private long begun;

  /** The heap bytes, estimated, that the records of all incomplete events take. */
  private long bytes;

  /** Creates a joiner without events. */
  public AuditJoiner() {}

  /**
   * Locates a record in the input.
   *
   * @param file name of the input
   * @param line number of the line
   */
  public record Place(String file, long line) {}

  /** Receives the joined events and the problems. */
  public interface Listener {

    /** Receives a complete event. */
    void onEvent(Event event);

    /** Receives a problem: records that the joiner cannot use. */
    void onProblem(Place place, String reason);
  }

  /** Collects the records of an incomplete event. */
  private static final class Open {
    private final long sinceNanos;
    private final long turn;
    private Place place;
    private AuditRecord.@Nullable Call call;
    private AuditRecord.@Nullable Module module;
    private @Nullable String workingDirectory;
    private AuditRecord.@Nullable Title title;

    /** The part of {@link AuditJoiner#bytes} that this event takes. */
    private long counted;

    private long bytesOf(AuditId id) {
      return BYTES_OF_AN_EVENT
          + of(id.node())
          + (call == null
              ? 0
              : of(call.name()) + of(call.unknown()) + of(call.comm()) + of(call.executable()))
          + (module == null ? 0 : of(module.name()))
          + of(workingDirectory)
          + (title == null ? 0 : title.arguments().stream().mapToLong(Open::of).sum());
    }

    private static long of(@Nullable String text) {
      return text == null ? 0 : BYTES_OF_A_TEXT + text.length();
    }

    Open(long sinceNanos, long turn, Place place) {
      this.sinceNanos = sinceNanos;
      this.turn = turn;
      this.place = place;
    }
  }

  /** Takes the next record. */
  public void accept(AuditRecord record, Place place, Listener listener) {
    AuditId id = record.id();
    clockNanos = Math.max(clockNanos, id.timeNanos());
    endOld(listener);
    Open known = open.get(id);
    switch (record) {
      case AuditRecord.End end -> {
        if (known != null) {
          take(id, known);
          end(known, listener);
        }
        return;
      }
      case AuditRecord.Call call -> {
        if (known != null && known.call != null) {
          // A different event with the same serial number and time.
          take(id, known);
          end(known, listener);
          known = null;
        }
        Open event = known == null ? begin(id, place, listener) : known;
        event.call = call;
        event.place = place;
        changed(id, event, listener);
      }
      case AuditRecord.Module module -> {
        Open event = known == null ? begin(id, place, listener) : known;
        event.module = module;
        if (event.call == null) {
          event.place = place;
        }
        changed(id, event, listener);
      }
      case AuditRecord.WorkingDirectory directory -> {
        Open event = known == null ? begin(id, place, listener) : known;
        event.workingDirectory = directory.path();
        changed(id, event, listener);
      }
      case AuditRecord.Title title -> {
        Open event = known == null ? begin(id, place, listener) : known;
        event.title = title;
        changed(id, event, listener);
      }
    }
  }

  /** Ends all incomplete events at the end of the input. */
  public void finish(Listener listener) {
    for (Open each : open.values()) {
      end(each, listener);
    }
    open.clear();
    bytes = 0;
  }

  /** Returns the number of incomplete events. */
  public int open() {
    return open.size();
  }

  private Open begin(AuditId id, Place place, Listener listener) {
    if (open.size() >= MAX_OPEN) {
      endOldest(listener);
    }
    var event = new Open(clockNanos, begun++, place);
    open.put(id, event);
    return event;
  }

  private void endOld(Listener listener) {
    while (!open.isEmpty()) {
      Open oldest = open.values().iterator().next();
      if (clockNanos - oldest.sinceNanos <= MAX_AGE_NANOS && begun - oldest.turn <= MAX_LATER) {
        return;
      }
      endOldest(listener);
    }
  }

  private void endOldest(Listener listener) {
    Iterator<Open> oldest = open.values().iterator();
    Open event = oldest.next();
    oldest.remove();
    bytes -= event.counted;
    end(event, listener);
  }

  private void take(AuditId id, Open event) {
    open.remove(id);
    bytes -= event.counted;
  }

  /** Ends the event if it is complete. Ends the oldest events while all together are too large. */
  private void changed(AuditId id, Open event, Listener listener) {
    if (event.call != null && event.title != null) {
      take(id, event);
      end(event, listener);
      return;
    }
    long now = event.bytesOf(id);
    bytes += now - event.counted;
    event.counted = now;
    while (bytes > MAX_BYTES && open.size() > 1) {
      endOldest(listener);
    }
  }

  private static void end(Open event, Listener listener) {
    AuditRecord.Call call = event.call;
    AuditRecord.Module module = event.module;
    if (call == null) {
      if (module != null) {
        String name = module.name();
        listener.onProblem(
            event.place,
            "KERN_MODULE%s without its SYSCALL record: what was done with the module is not known"
                .formatted(name == null ? "" : " of " + AuditException.shown(name)));
      }
      return;
    }
    if (call.name() == null && module == null) {
      // A call of an unknown architecture without KERN_MODULE is most likely not a module call.
      return;
    }
    try {
      new AuditEvent(
              call,
              module != null,
              module == null ? null : module.name(),
              event.workingDirectory,
              event.title)
          .toEvents()
          .forEach(listener::onEvent);
    } catch (AuditException e) {
      listener.onProblem(event.place, e.reason());
    }
  }
}

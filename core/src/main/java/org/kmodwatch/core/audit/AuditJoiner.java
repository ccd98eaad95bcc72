package org.kmodwatch.core.audit;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;

/**
 * Joins the records of audit events, which may come interleaved.
 *
 * <p>The kernel writes an event's records in one go: SYSCALL, then KERN_MODULE, CWD and PATH as far
 * as there are any, then PROCTITLE, and EOE, which auditd does not write down (audit_log_exit in
 * kernel/auditsc.c). So an event is whole with its PROCTITLE or EOE; in the order of ausearch
 * without {@code --raw}, which is the other way round, with its SYSCALL. Where neither comes, since
 * the rules leave it out, an event ends once the log's clock is {@value #MAX_AGE_SECONDS} s on, as
 * in auparse, or {@value #MAX_LATER} other events have begun.
 *
 * <p>It holds at most {@value #MAX_OPEN} events that are not whole, and about 8 MiB of their texts,
 * which are as long as whoever wrote the log made them; the oldest of more ends early. Not
 * thread-safe.
 */
public final class AuditJoiner {

  private static final int MAX_AGE_SECONDS = 2;
  private static final int MAX_LATER = 512;
  private static final int MAX_OPEN = 1024;
  private static final long MAX_BYTES = 8L << 20;
  private static final long BYTES_OF_AN_EVENT = 512;
  private static final long BYTES_OF_A_TEXT = 56;
  private static final long MAX_AGE_NANOS = MAX_AGE_SECONDS * 1_000_000_000L;

  /** In the order in which they began. */
  private final Map<AuditId, Open> open = new LinkedHashMap<>();

  private long clockNanos;
  private long begun;

  /** Of the heap, about, that the records of all events take that are not whole. */
  private long bytes;

  /** One that holds nothing. */
  public AuditJoiner() {}

  /**
   * Where a record stands.
   *
   * @param file name of the input
   * @param line number of the line
   */
  public record Place(String file, long line) {}

  /** Takes what comes of records. */
  public interface Listener {

    /** Something happened. */
    void onEvent(Event event);

    /** Records could not be made use of. */
    void onProblem(Place place, String reason);
  }

  /** An event that is not whole. */
  private static final class Open {
    private final long sinceNanos;
    private final long turn;
    private Place place;
    private AuditRecord.@Nullable Call call;
    private AuditRecord.@Nullable Module module;
    private @Nullable String workingDirectory;
    private AuditRecord.@Nullable Title title;

    /** What of {@link AuditJoiner#bytes} is this one's. */
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
          // Another's, with the same number at the same time.
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

  /** The end of the input: nothing more comes of what is not whole. */
  public void finish(Listener listener) {
    for (Open each : open.values()) {
      end(each, listener);
    }
    open.clear();
    bytes = 0;
  }

  /** How many events are not whole. */
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

  /** Ends it if it is whole, and others if all together are too much. */
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
      // A call of an architecture that is not known, and by the look of it another one.
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

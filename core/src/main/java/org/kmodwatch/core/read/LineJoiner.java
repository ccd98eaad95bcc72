package org.kmodwatch.core.read;

import org.kmodwatch.core.audit.AuditJoiner;
import org.kmodwatch.core.audit.AuditRecord;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.scan.ReadOptions;

/**
 * Joins lines that form an event only together: the records of audit logs. An event may continue in
 * the next block, or in the next file after a log rotation, so a joiner outlives both. The memory
 * that it uses is bounded ({@link AuditJoiner}). The thread that passes the lines uses it, in the
 * order of the input. Not thread-safe.
 */
public final class LineJoiner {

  private final ReadOptions options;
  private final AuditJoiner records = new AuditJoiner();

  /** Creates an empty joiner. */
  public LineJoiner(ReadOptions options) {
    this.options = options;
  }

  /** Returns whether the joiner is empty. Then the next lines need none of the earlier ones. */
  public boolean isEmpty() {
    return records.open() == 0;
  }

  /**
   * Ends all input: passes on the incomplete events.
   *
   * @param handler the handler that received the lines
   */
  public void finish(EventHandler handler) {
    records.finish(new Adapter(handler));
  }

  void accept(AuditRecord record, String fileName, long line, EventHandler handler) {
    records.accept(record, new AuditJoiner.Place(fileName, line), new Adapter(handler));
  }

  private final class Adapter implements AuditJoiner.Listener {
    private final EventHandler handler;

    Adapter(EventHandler handler) {
      this.handler = handler;
    }

    @Override
    public void onEvent(Event event) {
      if (options.wants(event.eventName())) {
        handler.onEvent(event);
      }
    }

    @Override
    public void onProblem(AuditJoiner.Place place, String reason) {
      handler.onBadLine(new BadLine(place.file(), place.line(), reason));
    }
  }
}

package org.kmodwatch.core.format;

import org.kmodwatch.core.audit.AuditJoiner;
import org.kmodwatch.core.audit.AuditRecord;
import org.kmodwatch.core.event.Event;

/**
 * Joins lines that become an event only together: the records of audit logs. It outlives a block,
 * and a file where one goes on in the next, as rotated logs do; what it holds is bounded ({@link
 * AuditJoiner}). Of the thread that hands over; in the order of the input. Not thread-safe.
 */
public final class LineJoiner {

  private final ReadOptions options;
  private final AuditJoiner records = new AuditJoiner();

  /** One that holds nothing. */
  public LineJoiner(ReadOptions options) {
    this.options = options;
  }

  /** Whether it holds nothing: what was handed over so far needs none of the lines before. */
  public boolean isEmpty() {
    return records.open() == 0;
  }

  /**
   * The end of all input: hands over what has waited for more.
   *
   * @param handler the one that the lines went to
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

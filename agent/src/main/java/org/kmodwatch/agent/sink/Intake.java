package org.kmodwatch.agent.sink;

import java.util.Optional;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.NoticeIds;

/**
 * Makes an item of each notice that a sink takes, and adds it to the sink's queue. It never waits,
 * and counts each notice that finds no place. One thread calls {@link #take}.
 */
final class Intake {

  private final SinkFilter filter;
  private final Catalogue catalogue;
  private final Format format;
  private final NoticeIds ids = new NoticeIds();
  private final MemoryQueue queue;
  private final Counters counters;
  private final SinkNotes notes;
  private final Losses queueFull = new Losses();

  Intake(
      SinkFilter filter,
      Catalogue catalogue,
      Format format,
      MemoryQueue queue,
      Counters counters,
      SinkNotes notes) {
    this.filter = filter;
    this.catalogue = catalogue;
    this.format = format;
    this.queue = queue;
    this.counters = counters;
    this.notes = notes;
  }

  void take(Notice notice) {
    // A sink sends no events.
    if (notice instanceof Notice.Report report) {
      take(report);
    }
  }

  private void take(Notice.Report notice) {
    int severity = catalogue.severityOf(notice);
    if (!filter.takes(notice.kind(), severity)) {
      return;
    }
    Item item;
    try {
      String id = ids.of(notice);
      Optional<byte[]> body = format.write(notice, id);
      if (body.isEmpty()) {
        return;
      }
      item = new Item(id, notice.kind(), notice.timeNanos(), severity, body.get());
    } catch (RuntimeException e) {
      counters.taken();
      counters.lostInMemory(LossReason.UNWRITABLE, 1);
      return;
    }
    counters.taken();
    if (item.body().length > Delivery.MAX_BATCH_BYTES - 2) {
      counters.lostInMemory(LossReason.TOO_LARGE, 1);
    } else if (!queue.offer(item)) {
      counters.lostInMemory(queue.isClosed() ? LossReason.ENDED : LossReason.QUEUE_FULL, 1);
      if (queueFull.add(1, queue.size())) {
        notes.note("the queue is full, notices are dropped and counted from now on");
      }
    }
  }

  /** Reports the end of a period of losses: at most half of the items remain. Thread-safe. */
  void noteRoom() {
    long lost = queueFull.endedAt(counters.inMemory());
    if (lost > 0) {
      notes.note("the queue has room again; notices dropped: " + lost);
    }
  }
}

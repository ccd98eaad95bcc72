package org.kmodwatch.core.load;

import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** By when attempts that are in the kernel should have returned; the earliest is at hand. */
final class Deadlines {

  /** Those of attempts that have ended are cleared away when they are more than the others. */
  private static final int SPARE = 1024;

  private final PriorityQueue<Deadline> deadlines = new PriorityQueue<>();
  private long turn;

  Deadlines() {}

  /**
   * Of an attempt by its identity: what has ended is not to be kept for the sake of its deadline.
   */
  private record Deadline(long nanos, long turn, Identity identity)
      implements Comparable<Deadline> {
    @Override
    public int compareTo(Deadline other) {
      int order = Long.compare(nanos, other.nanos);
      return order != 0 ? order : Long.compare(turn, other.turn);
    }
  }

  /**
   * Gives {@code attempt} until {@code nanos}, if it had longer.
   *
   * @param open all attempts that have not ended
   */
  void put(Attempt attempt, long nanos, Map<Identity, Attempt> open) {
    if (nanos >= attempt.deadlineNanos) {
      return;
    }
    attempt.deadlineNanos = nanos;
    deadlines.add(new Deadline(nanos, turn++, attempt.identity));
    if (deadlines.size() > 2 * open.size() + SPARE) {
      deadlines.clear();
      for (Attempt each : open.values()) {
        if (each.deadlineNanos != Long.MAX_VALUE) {
          deadlines.add(new Deadline(each.deadlineNanos, turn++, each.identity));
        }
      }
    }
  }

  /**
   * Takes an attempt whose time is up. Null if there is none.
   *
   * @param open all attempts that have not ended
   */
  @Nullable Attempt pollBefore(long nowNanos, Map<Identity, Attempt> open) {
    while (!deadlines.isEmpty() && deadlines.peek().nanos <= nowNanos) {
      Deadline next = deadlines.remove();
      Attempt attempt = open.get(next.identity);
      if (attempt != null && next.nanos == attempt.deadlineNanos) {
        attempt.deadlineNanos = Long.MAX_VALUE;
        return attempt;
      }
    }
    return null;
  }
}

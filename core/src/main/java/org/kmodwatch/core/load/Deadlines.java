package org.kmodwatch.core.load;

import java.util.Collection;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** By when attempts that are in the kernel should have returned; the earliest is at hand. */
final class Deadlines {

  /** Those of attempts that have ended are cleared away when they are more than the others. */
  private static final int SPARE = 1024;

  private final PriorityQueue<Deadline> deadlines = new PriorityQueue<>();
  private long turn;

  Deadlines() {}

  private record Deadline(long nanos, long turn, Attempt attempt) implements Comparable<Deadline> {
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
  void put(Attempt attempt, long nanos, Collection<Attempt> open) {
    if (nanos >= attempt.deadlineNanos) {
      return;
    }
    attempt.deadlineNanos = nanos;
    deadlines.add(new Deadline(nanos, turn++, attempt));
    if (deadlines.size() > 2 * open.size() + SPARE) {
      deadlines.clear();
      for (Attempt each : open) {
        if (each.deadlineNanos != Long.MAX_VALUE) {
          deadlines.add(new Deadline(each.deadlineNanos, turn++, each));
        }
      }
    }
  }

  /** Takes an attempt whose time is up; it may have ended since. Null if there is none. */
  @Nullable Attempt pollBefore(long nowNanos) {
    while (!deadlines.isEmpty() && deadlines.peek().nanos <= nowNanos) {
      Deadline next = deadlines.remove();
      if (next.nanos == next.attempt.deadlineNanos) {
        next.attempt.deadlineNanos = Long.MAX_VALUE;
        return next.attempt;
      }
    }
    return null;
  }
}

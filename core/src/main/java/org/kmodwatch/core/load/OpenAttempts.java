package org.kmodwatch.core.load;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The attempts whose call has not returned, in the order in which they began, with their deadlines.
 * A deadline is the time by which the call should have returned. Only an attempt whose module is in
 * the kernel has one, or whose module may be there because the sensor is blind. Before that, a long
 * call is only slow.
 */
final class OpenAttempts {

  /** The number of surplus deadlines above which those of ended attempts are removed. */
  private static final int SPARE = 1024;

  private final Map<Identity, Attempt> open = new LinkedHashMap<>();
  private final PriorityQueue<Deadline> deadlines = new PriorityQueue<>();
  private final LoadTrackerOptions options;
  private final Blindness blindness;
  private final KeptBytes kept;
  private long turn;

  OpenAttempts(LoadTrackerOptions options, Blindness blindness, KeptBytes kept) {
    this.options = options;
    this.blindness = blindness;
    this.kept = kept;
  }

  /**
   * A deadline, which has only the identity of its attempt, so that it keeps no ended attempt in
   * memory.
   */
  private record Deadline(long nanos, long turn, Identity identity)
      implements Comparable<Deadline> {
    @Override
    public int compareTo(Deadline other) {
      int order = Long.compare(nanos, other.nanos);
      return order != 0 ? order : Long.compare(turn, other.turn);
    }
  }

  int size() {
    return open.size();
  }

  Collection<Attempt> all() {
    return open.values();
  }

  @Nullable Attempt get(Identity identity) {
    return open.get(identity);
  }

  void add(Attempt attempt) {
    open.put(attempt.identity, attempt);
    kept.enter(attempt);
  }

  /** Removes an attempt and returns it; null if no attempt has that identity. */
  @Nullable Attempt remove(Identity identity) {
    Attempt attempt = open.remove(identity);
    if (attempt != null) {
      kept.leave(attempt);
    }
    return attempt;
  }

  /** Removes the attempt that began first. At least one attempt must exist. */
  Attempt removeOldest() {
    Attempt oldest = open.values().iterator().next();
    remove(oldest.identity);
    return oldest;
  }

  List<Attempt> removeAll() {
    List<Attempt> all = List.copyOf(open.values());
    open.clear();
    all.forEach(kept::leave);
    return all;
  }

  /** Gives a deadline to all attempts that blindness may affect. */
  void watchAll() {
    open.values().forEach(this::watch);
  }

  /**
   * Gives an attempt the deadline that it needs, or an earlier one if its present deadline is too
   * late.
   */
  void watch(Attempt attempt) {
    if (attempt.fromSensor() && blindness.mayAffect(attempt.beginNanos())) {
      attempt.doubt();
    }
    long nanos = attempt.inKernel() || attempt.doubtful ? deadlineOf(attempt) : Long.MAX_VALUE;
    if (nanos >= attempt.deadlineNanos()) {
      return;
    }
    attempt.open(nanos);
    deadlines.add(new Deadline(nanos, turn++, attempt.identity));
    if (deadlines.size() > 2 * open.size() + SPARE) {
      deadlines.clear();
      for (Attempt each : open.values()) {
        if (each.deadlineNanos() != Long.MAX_VALUE) {
          deadlines.add(new Deadline(each.deadlineNanos(), turn++, each.identity));
        }
      }
    }
  }

  private long deadlineOf(Attempt attempt) {
    boolean missed = attempt.entryMissed();
    long limit = (missed ? options.holdLimit() : options.unreturnedLimit()).toNanos();
    // Until then the call may be slow although no code of the module has run.
    long begin = missed ? attempt.beginNanos() : attempt.inKernelSinceNanos();
    if (attempt.doubtful && !attempt.inKernel()) {
      // The call may be slow. The limit begins when the sensor became blind.
      begin = Math.max(begin, blindness.fromNanos());
    }
    boolean wrapped = begin + limit < begin;
    return wrapped ? Long.MAX_VALUE : attempt.shared(begin + limit);
  }

  /** Removes an attempt whose deadline has passed and returns it; null without such an attempt. */
  @Nullable Attempt removeOverdue(long nowNanos) {
    while (!deadlines.isEmpty() && deadlines.peek().nanos <= nowNanos) {
      Deadline next = deadlines.remove();
      Attempt attempt = open.get(next.identity);
      if (attempt == null || next.nanos != attempt.deadlineNanos()) {
        continue;
      }
      if (deadlineOf(attempt) <= nowNanos) {
        return remove(next.identity);
      }
      attempt.open(Long.MAX_VALUE);
      watch(attempt);
    }
    return null;
  }
}

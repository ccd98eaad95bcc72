package org.kmodwatch.core.load;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The attempts whose call is under way, in the order in which they began, and by when each should
 * have returned: its deadline. Only an attempt has one that is in the kernel, or that may be since
 * the sensor is blind: before that a call that takes long is nothing but slow.
 */
final class OpenAttempts {

  /** Deadlines of attempts that have ended are cleared away when they are more than the others. */
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

  /** Of an attempt by its identity: what has ended is not kept for the sake of its deadline. */
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

  /** Takes an attempt out. Null if there is none of that identity. */
  @Nullable Attempt remove(Identity identity) {
    Attempt attempt = open.remove(identity);
    if (attempt != null) {
      kept.leave(attempt);
    }
    return attempt;
  }

  /** Takes the attempt out that began first; there is one. */
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

  /** Sees to it that all attempts that may be affected by blindness have a deadline. */
  void watchAll() {
    open.values().forEach(this::watch);
  }

  /** Sees to it that an attempt that needs a deadline has one, and no later than it should be. */
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
    // Before that it may be slow without any code of the module having run.
    long begin = missed ? attempt.beginNanos() : attempt.inKernelSinceNanos();
    if (attempt.doubtful && !attempt.inKernel()) {
      // It may be slow; only that nobody knows has begun.
      begin = Math.max(begin, blindness.fromNanos());
    }
    boolean wrapped = begin + limit < begin;
    return wrapped ? Long.MAX_VALUE : attempt.shared(begin + limit);
  }

  /** Takes an attempt out whose deadline is over. Null if there is none. */
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

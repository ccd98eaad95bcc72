package org.kmodwatch.core.load;

import java.util.ArrayDeque;
import org.kmodwatch.core.event.Errno;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.load.Attempt.Part;

/**
 * Which attempt another was given the result of. From Linux 6.5 on, calls of finit_module for an
 * inode that is being loaded wait for the first of them (kernel/module/main.c,
 * idempotent_init_module).
 */
final class Waiters {

  /** Attempts that others may have waited on. */
  private final ArrayDeque<Attempt> mains = new ArrayDeque<>();

  private final int max;

  /**
   * Knows none.
   *
   * @param max how many attempts are kept; the oldest of more is forgotten
   */
  Waiters(int max) {
    this.max = max;
  }

  /** Keeps an attempt whose own events are all there, if others may have waited on it. */
  void remember(Attempt attempt) {
    if (!attempt.mayHaveWaited
        && attempt.fromSensor()
        && attempt.stage() != Reasons.Stage.ENTRY
        && attempt.file() != null) {
      mains.addLast(attempt);
      if (mains.size() > max) {
        mains.removeFirst();
      }
    }
  }

  /** Forgets what ended before. One that has not returned can be waited on for as long. */
  void forgetBefore(long nanos) {
    mains.removeIf(main -> main.endNanos() < nanos);
  }

  /**
   * Whether it may have been given the result of another attempt for the same file, as kernels do
   * from 6.5 on: it read nothing, though nothing that is checked before the reading stopped it.
   */
  static boolean mayHaveWaited(Attempt attempt) {
    Long returned = attempt.returnValue();
    SensorContext context = attempt.context();
    if (returned == null
        || context == null
        || attempt.call() != Reasons.Call.FINIT
        || attempt.stage() != Reasons.Stage.ENTRY
        || attempt.file() == null) {
      return false;
    }
    if (returned >= 0) {
      return true;
    }
    Long flags = attempt.number(Part.CALL, "flags");
    if (flags != null && Names.unknownLoadFlags(flags) != 0) {
      return false;
    }
    if (context.task() != null && !context.task().has(Names.CAP_SYS_MODULE)) {
      return false;
    }
    return switch (Errno.ofReturnValue(returned).orElse(null)) {
      case EBADF, ETXTBSY, EFBIG, EINTR -> false;
      case null, default -> true;
    };
  }

  /**
   * Of the attempts that explain its result, the one that ended next to it: one for a file comes
   * after the other, and who waits goes on when the one that it waits on is done. Only once all of
   * them can have come, so that the order in which they come changes nothing.
   */
  void findMain(Attempt waiter) {
    Long returned = waiter.returnValue();
    if (returned == null) {
      return;
    }
    Attempt nearest = null;
    for (Attempt main : mains) {
      if (main.sameFile(waiter)
          && main.timeNanos() <= waiter.endNanos()
          && main.endNanos() >= waiter.timeNanos()
          && explains(main, returned)
          && (nearest == null || distance(main, waiter) < distance(nearest, waiter))) {
        nearest = main;
      }
    }
    if (nearest == null) {
      return;
    }
    waiter.waitedOn = nearest.id();
    if (waiter.outcome != LoadRecord.Outcome.LOADED && nearest.outcome != null) {
      waiter.outcome = nearest.outcome;
      waiter.reason =
          "it was given the result of another attempt for the same file: " + nearest.reason;
    }
  }

  private static long distance(Attempt main, Attempt waiter) {
    return Math.abs(main.endNanos() - waiter.endNanos());
  }

  /** Whether one that waited on {@code main} would return {@code returned}. */
  private static boolean explains(Attempt main, long returned) {
    Long its = main.returnValue();
    return returned >= 0
        ? main.has(Part.LOAD) && (its == null || its >= 0)
        : its != null && its == returned;
  }
}

package org.kmodwatch.core.load;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds second tries: insmod loads from memory a module that the kernel refused by descriptor. */
final class Retries {

  private static final long RETRY_NANOS = 1_000_000_000L;

  /**
   * The limit for a module name, MODULE_NAME_LEN of include/linux/module.h. No kernel accepts a
   * longer one.
   */
  private static final int MAX_NAME = 64;

  /** The last finit_module that each thread called, if it failed. */
  private final Map<Identity.OfThread, Failed> failed;

  /** The facts on a first try. Its events are not kept for them. */
  private record Failed(
      String id, int hostProcessId, long beginNanos, long endNanos, @Nullable String moduleName) {

    static Failed of(Attempt attempt) {
      return new Failed(
          attempt.id(),
          attempt.hostProcessId,
          attempt.beginNanos(),
          attempt.endOrBeginNanos(),
          nameOf(attempt));
    }
  }

  /** Returns the module name, cut if a recording has a longer one than any kernel. */
  private static @Nullable String nameOf(Attempt attempt) {
    String name = attempt.moduleName();
    return name == null || name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME);
  }

  /** The earliest end of the kept attempts. */
  private long oldestNanos = Long.MAX_VALUE;

  /**
   * Creates an empty table.
   *
   * @param max the largest number of kept attempts; beyond it the oldest is forgotten
   */
  Retries(int max) {
    failed = new NewestMap<>(max);
  }

  /** Forgets attempts that ended before {@code nanos}. */
  void forgetBefore(long nanos) {
    if (oldestNanos >= nanos) {
      return;
    }
    oldestNanos = Long.MAX_VALUE;
    failed
        .values()
        .removeIf(
            first -> {
              if (first.endNanos >= nanos) {
                oldestNanos = Math.min(oldestNanos, first.endNanos);
              }
              return first.endNanos < nanos;
            });
  }

  /**
   * Returns the id of the first try, if this attempt is a second; null otherwise. Keeps an attempt
   * that may be the first of two.
   */
  @Nullable String firstTryOf(Attempt attempt) {
    var thread = new Identity.OfThread(attempt.identity.host(), attempt.identity.thread());
    if (attempt.call() == Reasons.Call.INIT) {
      Failed before = failed.remove(thread);
      return before != null
              && before.hostProcessId == attempt.hostProcessId
              && attempt.beginNanos() - before.beginNanos >= 0
              && attempt.beginNanos() - before.endNanos <= RETRY_NANOS
              && (before.moduleName == null
                  || attempt.moduleName() == null
                  || before.moduleName.equals(nameOf(attempt)))
          ? before.id
          : null;
    }
    failed.remove(thread);
    Long returned = attempt.returnValue();
    if (attempt.call() == Reasons.Call.FINIT && returned != null && returned < 0) {
      failed.put(thread, Failed.of(attempt));
      oldestNanos = Math.min(oldestNanos, attempt.endOrBeginNanos());
    }
    return null;
  }
}

package org.kmodwatch.core.load;

import java.util.LinkedHashMap;
import java.util.Map;

/** Second tries: insmod that loads from memory what the kernel did not take by descriptor. */
final class Retries {

  private static final long RETRY_NANOS = 1_000_000_000L;

  /** The last finit_module of each thread, if it failed. */
  private final Map<Integer, Attempt> failed;

  /** None of those ended before. */
  private long oldestNanos = Long.MAX_VALUE;

  /**
   * Knows none.
   *
   * @param max how many attempts are kept; the oldest of more is forgotten
   */
  Retries(int max) {
    failed =
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Integer, Attempt> eldest) {
            return size() > max;
          }

          private static final long serialVersionUID = 1;
        };
  }

  /** Forgets what ended before. */
  void forgetBefore(long nanos) {
    if (oldestNanos >= nanos) {
      return;
    }
    oldestNanos = Long.MAX_VALUE;
    failed
        .values()
        .removeIf(
            attempt -> {
              long end = attempt.endOrBeginNanos();
              if (end >= nanos) {
                oldestNanos = Math.min(oldestNanos, end);
              }
              return end < nanos;
            });
  }

  /** Links a second try to the first, and keeps what may be the first of two. */
  void link(Attempt attempt) {
    if (attempt.call() == Reasons.Call.INIT) {
      Attempt before = failed.remove(attempt.key.hostThreadId());
      if (before != null
          && before.hostProcessId == attempt.hostProcessId
          && attempt.beginNanos() - before.beginNanos() >= 0
          && attempt.beginNanos() - before.endOrBeginNanos() <= RETRY_NANOS
          && (before.moduleName() == null
              || attempt.moduleName() == null
              || before.moduleName().equals(attempt.moduleName()))) {
        attempt.retryOf = before.id();
      }
      return;
    }
    Long returned = attempt.returnValue();
    if (attempt.call() == Reasons.Call.FINIT && returned != null && returned < 0) {
      failed.remove(attempt.key.hostThreadId());
      failed.put(attempt.key.hostThreadId(), attempt);
      oldestNanos = Math.min(oldestNanos, attempt.endOrBeginNanos());
    } else {
      failed.remove(attempt.key.hostThreadId());
    }
  }
}

package org.kmodwatch.core.load;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Second tries: insmod that loads from memory what the kernel did not take by descriptor. */
final class Retries {

  private static final long RETRY_NANOS = 1_000_000_000L;

  /** MODULE_NAME_LEN of include/linux/module.h: no kernel takes a longer name. */
  private static final int MAX_NAME = 64;

  /** The last finit_module of each thread, if it failed. */
  private final Map<Identity.OfThread, Failed> failed;

  /** What is to be known of a first try; its events are not kept for that. */
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

  /** Its beginning, where a recording says what no kernel does: it is kept. */
  private static @Nullable String nameOf(Attempt attempt) {
    String name = attempt.moduleName();
    return name == null || name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME);
  }

  /** None of those ended before. */
  private long oldestNanos = Long.MAX_VALUE;

  /**
   * Knows none.
   *
   * @param max how many attempts are kept; the oldest of more is forgotten
   */
  Retries(int max) {
    failed = new NewestMap<>(max);
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
            first -> {
              if (first.endNanos >= nanos) {
                oldestNanos = Math.min(oldestNanos, first.endNanos);
              }
              return first.endNanos < nanos;
            });
  }

  /** The id of the first try, if this is a second. Keeps what may be the first of two. */
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

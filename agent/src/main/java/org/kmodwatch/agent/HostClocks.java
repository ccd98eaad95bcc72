package org.kmodwatch.agent;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One time for the hosts of a recording, whose clocks differ and whose events come late: it goes on
 * as the clocks do, and nothing of one host is overdue because another's clock is ahead. Of a
 * single host it is that host's clock. Not thread-safe.
 */
final class HostClocks {

  private static final int MAX_HOSTS = 1024;

  /** An event that is older than the latest by no more than this came late: a minute. */
  private static final long LATE_NANOS = 60_000_000_000L;

  /** By how much the clock of each is ahead of the common time; the one heard last comes last. */
  private final Map<String, Long> ahead =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_HOSTS;
        }
      };

  private long nowNanos;
  private long lastAhead;

  /**
   * Takes the time of an event.
   *
   * @param host the machine's name; null if the event does not say it
   * @param nanos when the event came to be known, by its host's clock
   * @return the common time
   */
  long advance(@Nullable String host, long nanos) {
    if (host != null) {
      Long known = ahead.get(host);
      if (known == null) {
        known = firstOf(nanos);
        ahead.put(host, known);
      }
      lastAhead = known;
    }
    long common = nanos - lastAhead;
    nowNanos = ahead.size() > 1 ? Math.max(nowNanos, common) : common;
    return nowNanos;
  }

  private long firstOf(long nanos) {
    boolean isLate = nanos <= nowNanos && nowNanos - nanos <= LATE_NANOS;
    return ahead.isEmpty() || isLate ? 0 : nanos - nowNanos;
  }
}

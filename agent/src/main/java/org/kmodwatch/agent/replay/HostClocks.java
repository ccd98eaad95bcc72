package org.kmodwatch.agent.replay;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.identity.RecentMap;

/**
 * One time for the hosts of a recording, whose clocks differ and whose events come late: it goes on
 * as the clocks do, and nothing of one host is overdue because another's clock is ahead. Of a
 * single host it is that host's clock. Not thread-safe.
 */
public final class HostClocks {

  private static final int MAX_HOSTS = 1024;

  /**
   * Clocks that differ by no more than this are taken for right: the event came late, or none came
   * for a while. A minute.
   */
  private static final long RIGHT_NANOS = 60_000_000_000L;

  /** By how much the clock of each host is ahead of the common time. */
  private final Map<String, Long> ahead = new RecentMap<>(MAX_HOSTS);

  private long nowNanos;

  /** The common time; 0 before the first event. */
  long now() {
    return nowNanos;
  }

  /**
   * Takes the time of an event.
   *
   * @param host the machine's name; null if the event does not say it
   * @param nanos when the event came to be known, by its host's clock
   * @return the common time
   */
  long advance(@Nullable String host, long nanos) {
    if (host == null) {
      // It goes by the clock of some host, and nobody knows which.
      nowNanos = ahead.size() > 1 ? nowNanos : nanos;
      return nowNanos;
    }
    Long known = ahead.get(host);
    if (known == null) {
      long difference = nanos - nowNanos;
      known = ahead.isEmpty() || Math.abs(difference) <= RIGHT_NANOS ? 0 : difference;
      ahead.put(host, known);
    }
    if (ahead.size() == 1) {
      nowNanos = nanos;
      return nowNanos;
    }
    if (nowNanos - (nanos - known) > RIGHT_NANOS) {
      // Others went on meanwhile, or it was set back: from here on it counts again.
      known = nanos - nowNanos;
      ahead.put(host, known);
    }
    nowNanos = Math.max(nowNanos, nanos - known);
    return nowNanos;
  }
}

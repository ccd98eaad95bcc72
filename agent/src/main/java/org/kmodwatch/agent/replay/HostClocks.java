package org.kmodwatch.agent.replay;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.identity.RecentMap;

/**
 * Keeps one common time for the hosts of a recording, whose clocks differ and whose events come
 * late. It advances with the clocks. A host's clock that is ahead makes no other host's event
 * overdue. With a single host it is that host's clock. Not thread-safe.
 */
public final class HostClocks {

  private static final int MAX_HOSTS = 1024;

  /**
   * One minute. Clocks that differ by no more are assumed right: the event came late, or none came
   * for a while.
   */
  private static final long RIGHT_NANOS = 60_000_000_000L;

  /** How far the clock of each host is ahead of the common time. */
  private final Map<String, Long> ahead = new RecentMap<>(MAX_HOSTS);

  private long nowNanos;

  /** Returns the common time; 0 before the first event. */
  long now() {
    return nowNanos;
  }

  /**
   * Advances the common time to an event's time.
   *
   * @param host the host's name; null if the event does not have it
   * @param nanos when the event became known, by its host's clock
   * @return the common time
   */
  long advance(@Nullable String host, long nanos) {
    if (host == null) {
      // The event's host is unknown. Its clock counts only if at most one host is known.
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
      // Other clocks advanced meanwhile, or this one was set back. Its offset is measured again.
      known = nanos - nowNanos;
      ahead.put(host, known);
    }
    nowNanos = Math.max(nowNanos, nanos - known);
    return nowNanos;
  }
}

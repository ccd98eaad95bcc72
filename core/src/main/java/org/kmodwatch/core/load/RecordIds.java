package org.kmodwatch.core.load;

import java.util.Map;
import org.kmodwatch.core.event.Event;

/**
 * Whose the ids of records are. An id is made of a time and of numbers that a host gives, and those
 * of two hosts may be the same; the second of them then has its host in its id. Of one host alone,
 * ids do not depend on what came before.
 */
final class RecordIds {

  private final Map<String, String> hosts;

  /**
   * Knows none.
   *
   * @param max how many are kept; the oldest of more is forgotten
   */
  RecordIds(int max) {
    hosts = new NewestMap<>(max);
  }

  /** The id of what one thread did at one time: docs/load-record.md. */
  static String of(long timeNanos, int hostThreadId) {
    return Long.toHexString(timeNanos) + "-" + Integer.toHexString(hostThreadId);
  }

  /** The id of the second host that has it. */
  static String ofSecond(String id, String host) {
    return id + "-" + Integer.toHexString(host.hashCode());
  }

  /** The id of a request's record, which no other host's has. */
  String claim(Requests.Request request) {
    Event event = request.event;
    String id = of(event.timestampNanos(), event.process().hostThreadId());
    return claim(id, event.hostName()) ? id : ofSecond(id, event.hostName());
  }

  /** Sees to it that {@code attempt} has an id that no other host's has. */
  void claim(Attempt attempt) {
    if (!claim(attempt.id(), attempt.key.host())) {
      attempt.sharesId = true;
    }
  }

  /** Takes an id for a host; whether it is no other host's. */
  private boolean claim(String id, String host) {
    String owner = hosts.putIfAbsent(id, host);
    return owner == null || owner.equals(host);
  }
}

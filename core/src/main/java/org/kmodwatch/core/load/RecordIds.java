package org.kmodwatch.core.load;

import java.util.Map;
import org.kmodwatch.core.event.Event;

/**
 * Whose the ids of records are. An id is made of a time and of numbers that a host gives, and those
 * of two hosts may be the same; the second of them then has its host in its id. Of one host alone,
 * ids do not depend on what came before.
 */
final class RecordIds {

  /** The same id on two hosts is far apart only in recordings that follow each other: 2 MiB. */
  private static final int MAX = 16_384;

  private final Map<String, String> hosts = new NewestMap<>(MAX);

  /** Knows none. */
  RecordIds() {}

  /** The id of what one thread did at one time: docs/reference/load-record.md. */
  static String of(long timeNanos, int hostThreadId) {
    return Long.toHexString(timeNanos) + "-" + Integer.toHexString(hostThreadId);
  }

  /** The id of the second host that has it. */
  static String ofSecond(String id, String host) {
    return id + "-" + HostName.digest(host);
  }

  /** The id of a request's record, which no other host's has. */
  String claim(Requests.Request request) {
    Event event = request.event;
    String id = of(event.timestampNanos(), event.process().hostThreadId());
    String host = HostName.bounded(event.hostName());
    return claim(id, host) ? id : ofSecond(id, host);
  }

  /** Sees to it that {@code attempt} has an id that no other host's has. */
  void claim(Attempt attempt) {
    if (!claim(attempt.id(), attempt.identity.host())) {
      attempt.shareId();
    }
  }

  /** Takes an id for a host; whether it is no other host's. */
  private boolean claim(String id, String host) {
    String owner = hosts.putIfAbsent(id, host);
    return owner == null || owner.equals(host);
  }
}

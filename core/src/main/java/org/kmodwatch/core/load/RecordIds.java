package org.kmodwatch.core.load;

import java.util.Map;
import org.kmodwatch.core.event.Event;

/**
 * Records which host owns an id. An id consists of a time and numbers from a host, so ids of two
 * hosts may be equal. The second host's id then includes its host name. For a single host, ids do
 * not depend on earlier events.
 */
final class RecordIds {

  /**
   * The number of ids that are kept, about 2 MiB. Equal ids of two hosts occur far apart only in
   * recordings that are read one after the other.
   */
  private static final int MAX = 16_384;

  private final Map<String, String> hosts = new NewestMap<>(MAX);

  /** Creates an empty table. */
  RecordIds() {}

  /** Returns the id for an action of one thread at one time (docs/reference/load-record.md). */
  static String of(long timeNanos, int hostThreadId) {
    return Long.toHexString(timeNanos) + "-" + Integer.toHexString(hostThreadId);
  }

  /** Returns the id for the second host that has it. */
  static String ofSecond(String id, String host) {
    return id + "-" + HostName.digest(host);
  }

  /** Returns the id of a request's record, which is unique among the hosts. */
  String claim(Requests.Request request) {
    Event event = request.event;
    String id = of(event.timestampNanos(), event.process().hostThreadId());
    String host = HostName.bounded(event.hostName());
    return claim(id, host) ? id : ofSecond(id, host);
  }

  /** Makes the id of {@code attempt} unique among the hosts. */
  void claim(Attempt attempt) {
    if (!claim(attempt.id(), attempt.identity.host())) {
      attempt.shareId();
    }
  }

  /** Claims an id for a host; returns whether no other host has it. */
  private boolean claim(String id, String host) {
    String owner = hosts.putIfAbsent(id, host);
    return owner == null || owner.equals(host);
  }
}

package org.kmodwatch.core.load;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link LoadTracker} is told at its start.
 *
 * @param host what every record says of the host; without a name, the events' own is taken
 * @param modprobePath what the kernel would start to load a module, as it was at the start; null if
 *     not known
 * @param unreturnedLimit how long after code of the module could run a call that has not returned
 *     is reported
 * @param requestLimit how long a request waits for the loads that it leads to
 * @param linkLimit how long an attempt that is reported is kept, to link others to it and to know
 *     its events if they come again
 * @param holdLimit how long a record is held back for an event of another thread that belongs to it
 * @param lateLimit how long after a request the process that the kernel started for it may load,
 *     and how long after its report a call is likely to return
 * @param maxOpen how many attempts can be open at once, how many records held back, how many calls
 *     are remembered that were reported before they returned: each
 * @param maxRequests how many requests, and how many processes that the kernel started for one, are
 *     kept
 * @param maxRecent how many attempts that are reported are kept
 * @param maxBytes how many bytes of the heap the events of all attempts together may take, about;
 *     of requests a quarter of that. Whoever calls decides how large an event is
 */
public record LoadTrackerOptions(
    LoadRecord.Host host,
    @Nullable String modprobePath,
    Duration unreturnedLimit,
    Duration requestLimit,
    Duration linkLimit,
    Duration holdLimit,
    Duration lateLimit,
    int maxOpen,
    int maxRequests,
    int maxRecent,
    long maxBytes) {

  /** Refuses limits that are not positive. */
  public LoadTrackerOptions {
    if (!unreturnedLimit.isPositive()
        || !requestLimit.isPositive()
        || !linkLimit.isPositive()
        || !holdLimit.isPositive()
        || !lateLimit.isPositive()
        || maxOpen < 1
        || maxRequests < 1
        || maxRecent < 1
        || maxBytes < 1) {
      throw new IllegalArgumentException("a limit is not positive");
    }
  }

  /** The limits of docs/reference/load-record.md. */
  public static LoadTrackerOptions of(LoadRecord.Host host, @Nullable String modprobePath) {
    return new LoadTrackerOptions(
        host,
        modprobePath,
        Duration.ofSeconds(5),
        Duration.ofSeconds(60),
        Duration.ofSeconds(10),
        Duration.ofSeconds(1),
        Duration.ofMinutes(15),
        4096,
        4096,
        1024,
        16L << 20);
  }
}

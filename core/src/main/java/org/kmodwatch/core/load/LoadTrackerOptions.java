package org.kmodwatch.core.load;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Holds the options of a {@link LoadTracker}.
 *
 * @param host the host in every record; without a name, the events' own host name is used
 * @param modprobePath the program that the kernel would start to load a module, as set at the
 *     start; null if not known
 * @param unreturnedLimit the time from when code of the module could run until a call that has not
 *     returned is reported
 * @param requestLimit how long a request waits for the loads that it leads to
 * @param linkLimit how long a reported attempt is kept, to link others to it and to recognise its
 *     events if they arrive again
 * @param holdLimit how long a record is held back for an event of another thread that belongs to it
 * @param lateLimit how long after a request the process started for it may load. Also how long
 *     after its report a call is likely to return
 * @param maxOpen the largest number of open attempts, of held records, and of remembered calls that
 *     were reported before they returned: each
 * @param maxRequests the largest number of kept requests, and of kept processes that the kernel
 *     started for one
 * @param maxRecent the largest number of kept attempts that are reported
 * @param maxBytes the estimated heap bytes that the events of all attempts together may take;
 *     requests may take a quarter of that. The caller of a system call decides how large an event
 *     is
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

  /** Throws {@link IllegalArgumentException} for a limit that is not positive. */
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

  /** Returns options with the limits of docs/reference/load-record.md. */
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

package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The history on this machine's disk.
 *
 * @param folder the folder of the history
 * @param maxBytes the largest size, in bytes
 * @param maxAge how long a record is kept
 */
public record HistoryTarget(Path folder, long maxBytes, Duration maxAge) implements Target {

  /** The default folder. */
  public static final String DEFAULT_FOLDER = "/var/lib/kmodwatch/history";

  /** The default limit of the size, in bytes. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  /** The smallest limit of the size, in bytes. */
  public static final long MIN_BYTES = 4L << 20;

  /** The default time for which a record is kept. */
  public static final Duration DEFAULT_MAX_AGE = Duration.ofDays(365);

  /** The shortest time for which a record can be kept. */
  public static final Duration MIN_AGE = Duration.ofHours(1);

  @Override
  public String shown() {
    return folder.toString();
  }
}

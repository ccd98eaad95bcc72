package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import java.time.Duration;

/**
 * A target that keeps the history on this machine's disk.
 *
 * @param folder the folder of the history
 * @param maxBytes the largest size, in bytes
 * @param maxAge how long a record is kept
 */
public record HistoryTarget(Path folder, long maxBytes, Duration maxAge) implements Target {

  /** Names the default folder. */
  public static final String DEFAULT_FOLDER = "/var/lib/kmodwatch/history";

  /** Limits the size by default, in bytes. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  /** Sets the smallest limit that is allowed for the size, in bytes. */
  public static final long MIN_BYTES = 4L << 20;

  /** Limits the age of records by default. */
  public static final Duration DEFAULT_MAX_AGE = Duration.ofDays(365);

  /** Sets the smallest limit that is allowed for the age. */
  public static final Duration MIN_AGE = Duration.ofHours(1);

  @Override
  public String shown() {
    return folder.toString();
  }
}

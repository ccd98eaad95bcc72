package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The history on this machine's disk.
 *
 * @param folder where it is
 * @param maxBytes how large it may be
 * @param maxAge how long a record is kept
 */
public record HistoryTarget(Path folder, long maxBytes, Duration maxAge) implements Target {

  /** Where it is if nothing else is said. */
  public static final String DEFAULT_FOLDER = "/var/lib/kmodwatch/history";

  /** How large it may be if nothing else is said. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  /** The smallest. */
  public static final long MIN_BYTES = 4L << 20;

  /** How long a record is kept if nothing else is said. */
  public static final Duration DEFAULT_MAX_AGE = Duration.ofDays(365);

  /** The shortest. */
  public static final Duration MIN_AGE = Duration.ofHours(1);

  @Override
  public String shown() {
    return folder.toString();
  }
}

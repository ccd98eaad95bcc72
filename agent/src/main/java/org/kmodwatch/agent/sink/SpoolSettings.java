package org.kmodwatch.agent.sink;

import java.nio.file.Path;

/**
 * Holds the settings of a sink's spool.
 *
 * @param folder the folder of the items that are still to be sent
 * @param maxBytes the limit of the spool, in bytes, at least {@link #MIN_BYTES}
 */
public record SpoolSettings(Path folder, long maxBytes) {

  /** Limits the spool by default, in bytes. */
  public static final long DEFAULT_BYTES = 256L << 20;

  /** Sets the smallest limit that is allowed, in bytes. */
  public static final long MIN_BYTES = 4L << 20;
}

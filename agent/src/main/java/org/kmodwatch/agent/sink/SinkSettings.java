package org.kmodwatch.agent.sink;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.format.FormatName;

/**
 * Holds the settings of one sink, as configured.
 *
 * @param name the name in messages and in the ledger; unique
 * @param target the receiver
 * @param format the format of a notice
 * @param filter selects the notices that the sink takes
 * @param spool the spool; null for a target on this machine, which has none
 */
public record SinkSettings(
    String name,
    Target target,
    FormatName format,
    SinkFilter filter,
    @Nullable SpoolSettings spool) {

  /** Requires a spool for each target that is not local, and only for these. */
  public SinkSettings {
    if (target.isLocal() != (spool == null)) {
      throw new IllegalArgumentException(
          "a local target has no spool, each other target has one: " + target.shown());
    }
  }
}

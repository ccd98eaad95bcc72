package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import org.kmodwatch.agent.format.FormatName;

/**
 * Holds the settings of one sink, as configured.
 *
 * @param name the name in messages and in the ledger; unique
 * @param target the receiver
 * @param format the format of a notice
 * @param filter selects the notices that the sink takes
 * @param spool the folder of the items that are still to be sent
 * @param maxSpoolBytes the limit of the spool, in bytes, at least {@link
 *     SpooledSink#MIN_SPOOL_BYTES}
 */
public record SinkSettings(
    String name,
    Target target,
    FormatName format,
    SinkFilter filter,
    Path spool,
    long maxSpoolBytes) {}

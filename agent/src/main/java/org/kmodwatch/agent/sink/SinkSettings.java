package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import org.kmodwatch.agent.format.FormatName;

/**
 * One sink, as somebody asked for it.
 *
 * @param name what it is called in messages and in the ledger; unique
 * @param target where it sends to
 * @param format how a notice is written
 * @param filter which notices it takes
 * @param spool the folder where waits what is not sent yet
 * @param maxSpoolBytes how much may wait there, at least {@link SpooledSink#MIN_SPOOL_BYTES}
 */
public record SinkSettings(
    String name,
    Target target,
    FormatName format,
    SinkFilter filter,
    Path spool,
    long maxSpoolBytes) {}

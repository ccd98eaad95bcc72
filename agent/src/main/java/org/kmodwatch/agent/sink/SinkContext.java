package org.kmodwatch.agent.sink;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;

/**
 * The environment that all sinks share.
 *
 * @param version the version of Kmodwatch
 * @param host the name of this host, which is sent too; null if unknown
 * @param catalogue the installed signatures
 * @param notes takes messages for the operator, from any thread
 * @param refusals takes a line for each item that a receiver rejected, from any thread
 */
public record SinkContext(
    String version,
    @Nullable String host,
    Catalogue catalogue,
    Consumer<String> notes,
    Consumer<String> refusals) {}

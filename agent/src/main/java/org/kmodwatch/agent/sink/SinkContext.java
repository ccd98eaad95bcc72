package org.kmodwatch.agent.sink;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;

/**
 * What sinks have around them.
 *
 * @param version of Kmodwatch
 * @param host name of this host, to be sent along; null if not known
 * @param catalogue the signatures that are installed
 * @param notes takes lines for a person, from any thread
 * @param refusals takes a line for each item that a receiver refused, from any thread
 */
public record SinkContext(
    String version,
    @Nullable String host,
    Catalogue catalogue,
    Consumer<String> notes,
    Consumer<String> refusals) {}

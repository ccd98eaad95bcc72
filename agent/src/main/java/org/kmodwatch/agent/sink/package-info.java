/**
 * This package delivers findings, load records and alerts to receivers besides standard output.
 * {@link org.kmodwatch.agent.sink.Sinks} holds the sinks. Each is a {@link
 * org.kmodwatch.agent.sink.SpooledSink}, with a durable spool before its receiver.
 *
 * <p>The calling thread only formats a notice and leaves it in a bounded queue. Each sink has two
 * threads. {@code kmodwatch-spool} writes the queue to disk. {@code kmodwatch-NAME} sends the items
 * on disk, in order, and deletes acknowledged items. A {@link org.kmodwatch.agent.sink.Target}
 * names the receiver, a {@link org.kmodwatch.agent.sink.Transport} sends.
 */
@NullMarked
package org.kmodwatch.agent.sink;

import org.jspecify.annotations.NullMarked;

/**
 * Where findings and load records go beyond this machine: {@link
 * org.kmodwatch.agent.sink.WebhookSink}, with a durable spool between it and the receiver.
 *
 * <p>The thread that hands something on only writes it down as JSON and leaves it in a bounded
 * queue. Two threads of the sink's own do the rest: {@code kmodwatch-spool} writes what is in the
 * queue to disk, {@code kmodwatch-webhook} sends what is on disk, in order, and deletes what was
 * acknowledged. Only this package uses java.sql.
 */
@NullMarked
package org.kmodwatch.agent.sink;

import org.jspecify.annotations.NullMarked;

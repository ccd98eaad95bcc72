/**
 * This package delivers findings, load records and alerts to receivers besides standard output.
 * {@link org.kmodwatch.agent.sink.Sinks} holds the sinks. A {@link org.kmodwatch.agent.sink.Target}
 * names the receiver, a {@link org.kmodwatch.agent.sink.Transport} sends.
 *
 * <p>The calling thread only formats a notice and leaves it in a bounded queue ({@link
 * org.kmodwatch.agent.sink.Intake}). From there, one of two kinds of sinks delivers it:
 *
 * <ul>
 *   <li>A {@link org.kmodwatch.agent.sink.SpooledSink} has a durable spool before a receiver on the
 *       network. The thread {@code kmodwatch-spool} writes the queue to disk. The thread {@code
 *       kmodwatch-NAME} sends the items on disk, in order, and deletes acknowledged items.
 *   <li>A {@link org.kmodwatch.agent.sink.LocalSink} has an output on this machine and no spool.
 *       The thread {@code kmodwatch-NAME} writes the queue to the output.
 * </ul>
 */
@NullMarked
package org.kmodwatch.agent.sink;

import org.jspecify.annotations.NullMarked;

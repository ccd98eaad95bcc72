/**
 * Where findings, load records and alerts go besides standard output: {@link
 * org.kmodwatch.agent.sink.Sinks}, each a {@link org.kmodwatch.agent.sink.SpooledSink} with a
 * durable spool between it and its receiver.
 *
 * <p>The thread that hands something on only writes it down in the sink's format and leaves it in a
 * bounded queue. Two threads of the sink's own do the rest: {@code kmodwatch-spool} writes what is
 * in the queue to disk, {@code kmodwatch-NAME} sends what is on disk, in order, and deletes what
 * was acknowledged. A {@link org.kmodwatch.agent.sink.Target} says where to, a {@link
 * org.kmodwatch.agent.sink.Transport} sends.
 */
@NullMarked
package org.kmodwatch.agent.sink;

import org.jspecify.annotations.NullMarked;

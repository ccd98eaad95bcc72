/**
 * The load records of this machine, kept in a database that is bounded by age and size, and asked
 * by {@code kmodwatch history} (docs/how-to/history.md).
 *
 * <p>One process writes ({@link org.kmodwatch.agent.history.History}), which the sink of that name
 * does; any number read at the same time ({@link org.kmodwatch.agent.history.HistoryReader}).
 */
@NullMarked
package org.kmodwatch.agent.history;

import org.jspecify.annotations.NullMarked;

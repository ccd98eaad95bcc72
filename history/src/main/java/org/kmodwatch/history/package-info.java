/**
 * This package keeps the load records of this machine in a database. Age and size bound the
 * database. {@code kmodwatch history} queries it (docs/how-to/history.md).
 *
 * <p>One process writes: the history sink, by {@link org.kmodwatch.history.History}. Any number of
 * processes read at the same time, by {@link org.kmodwatch.history.HistoryReader}.
 */
@NullMarked
package org.kmodwatch.history;

import org.jspecify.annotations.NullMarked;

/**
 * Joins all events of one attempt to load or unload one module into one record.
 *
 * <p>{@link org.kmodwatch.core.load.LoadTracker} joins events. {@link
 * org.kmodwatch.core.load.LoadRecord} is the result. A tracker is used by one thread at a time;
 * records are immutable.
 */
@NullMarked
package org.kmodwatch.core.load;

import org.jspecify.annotations.NullMarked;

/**
 * Loads: everything that belongs to one attempt to load or unload one module, joined into one
 * record.
 *
 * <p>{@link org.kmodwatch.core.load.LoadTracker} joins events, {@link
 * org.kmodwatch.core.load.LoadRecord} is what comes out. A tracker is used by one thread at a time;
 * records are immutable.
 */
@NullMarked
package org.kmodwatch.core.load;

import org.jspecify.annotations.NullMarked;

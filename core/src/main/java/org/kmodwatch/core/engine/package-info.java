/**
 * The engine: hands events to the signatures that selected them. A plain library without thread,
 * clock or I/O of its own; one engine is used by one thread at a time.
 */
@NullMarked
package org.kmodwatch.core.engine;

import org.jspecify.annotations.NullMarked;

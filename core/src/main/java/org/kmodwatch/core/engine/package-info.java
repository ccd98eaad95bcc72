/**
 * The engine passes events to the signatures that selected them. It is a library without threads,
 * clock or I/O. One thread at a time uses an engine.
 */
@NullMarked
package org.kmodwatch.core.engine;

import org.jspecify.annotations.NullMarked;

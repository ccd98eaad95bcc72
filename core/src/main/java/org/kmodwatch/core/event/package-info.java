/**
 * Defines the model of an event: one action of the kernel is one immutable record.
 *
 * <p>{@link org.kmodwatch.core.event.Event} is the record. {@link
 * org.kmodwatch.core.event.Argument} is one of its arguments. {@link
 * org.kmodwatch.core.event.Value} is the value of an argument or of a field that this version does
 * not know. Every type here is immutable and safe to share between threads.
 */
@NullMarked
package org.kmodwatch.core.event;

import org.jspecify.annotations.NullMarked;

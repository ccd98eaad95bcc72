/**
 * Defines a signature and its interface to the engine.
 *
 * <p>To add a signature, implement {@link org.kmodwatch.core.signature.Signature}. Name the class
 * in {@code META-INF/services/org.kmodwatch.core.signature.Signature} of a jar, and put the jar on
 * the path. The engine calls one signature from one thread at a time.
 */
@NullMarked
package org.kmodwatch.core.signature;

import org.jspecify.annotations.NullMarked;

/**
 * What a signature is, and how to add one.
 *
 * <p>Implement {@link org.kmodwatch.core.signature.Signature}, name the class in {@code
 * META-INF/services/org.kmodwatch.core.signature.Signature} of a jar, and put the jar on the path.
 * The engine calls one signature from one thread at a time.
 */
@NullMarked
package org.kmodwatch.core.signature;

import org.jspecify.annotations.NullMarked;

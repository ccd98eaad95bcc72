/**
 * Reads the facts that a kernel module file, or the same bytes taken from a kernel, contains about
 * itself. {@link org.kmodwatch.image.ModuleImageReader} reads the module. {@link
 * org.kmodwatch.image.SignatureVerifier} checks its signature.
 *
 * <p>Every byte is treated as hostile. For any input, reading ends with a result or with a {@link
 * org.kmodwatch.image.ModuleImageException}. {@link org.kmodwatch.image.ModuleImageLimits} bounds
 * its time and memory.
 *
 * <p>The classes have no shared state. Any thread may use every class, and several threads may use
 * one result.
 */
@NullMarked
package org.kmodwatch.image;

import org.jspecify.annotations.NullMarked;

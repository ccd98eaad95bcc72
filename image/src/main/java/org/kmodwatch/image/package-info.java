/**
 * What a kernel module file, or the same bytes taken from a kernel, says of itself: {@link
 * org.kmodwatch.image.ModuleImageReader} reads it, {@link org.kmodwatch.image.SignatureVerifier}
 * checks its signature.
 *
 * <p>Every byte is taken for hostile: whatever the input, reading ends with a result or with a
 * {@link org.kmodwatch.image.ModuleImageException}, in time and memory that {@link
 * org.kmodwatch.image.ModuleImageLimits} bounds.
 *
 * <p>Nothing here has state that is shared; every class may be used by any thread, results by many.
 */
@NullMarked
package org.kmodwatch.image;

import org.jspecify.annotations.NullMarked;

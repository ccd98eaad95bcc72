/**
 * The reader and the writer of the event formats.
 *
 * <p>{@link org.kmodwatch.core.format.EventReader} reads recordings of both of the peer's forms,
 * and what other tools tell of modules, compressed or not, one line after the other; {@link
 * org.kmodwatch.core.format.EventWriter} writes events in the flat form, {@link
 * org.kmodwatch.core.format.FindingWriter} findings and {@link
 * org.kmodwatch.core.format.LoadWriter} load records. All are stateless and safe to use from any
 * thread; the streams given to them are not.
 *
 * <p>Input is hostile: no bytes make the reader fail other than by a {@link
 * org.kmodwatch.core.format.BadLine}, and one bad line costs no other line.
 */
@NullMarked
package org.kmodwatch.core.format;

import org.jspecify.annotations.NullMarked;

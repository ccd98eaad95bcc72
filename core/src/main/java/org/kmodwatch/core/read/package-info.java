/**
 * Reads events and load records.
 *
 * <p>{@link org.kmodwatch.core.read.EventReader} reads recordings in both of Tracee's forms, and
 * other tools' lines about modules, compressed or not, line by line. {@link
 * org.kmodwatch.core.read.LoadReader} reads load records. The readers are stateless and safe to use
 * from any thread. The streams are not.
 *
 * <p>Input is hostile: for any bytes, the reader fails only by a {@link
 * org.kmodwatch.core.read.BadLine}, and one bad line does not affect other lines.
 */
@NullMarked
package org.kmodwatch.core.read;

import org.jspecify.annotations.NullMarked;

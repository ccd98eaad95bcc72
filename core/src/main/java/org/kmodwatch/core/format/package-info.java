/**
 * Reads and writes the event formats.
 *
 * <p>{@link org.kmodwatch.core.format.EventReader} reads recordings in both of Tracee's forms, and
 * other tools' lines about modules, compressed or not, line by line. {@link
 * org.kmodwatch.core.format.EventWriter} writes events in the flat form, {@link
 * org.kmodwatch.core.format.FindingWriter} writes findings and {@link
 * org.kmodwatch.core.format.LoadWriter} writes load records. The readers are stateless and safe to
 * use from any thread. The writers and the streams are not.
 *
 * <p>Input is hostile: for any bytes, the reader fails only by a {@link
 * org.kmodwatch.core.format.BadLine}, and one bad line does not affect other lines.
 */
@NullMarked
package org.kmodwatch.core.format;

import org.jspecify.annotations.NullMarked;

/**
 * Writes one JSON object a line. {@link org.kmodwatch.core.write.EventWriter} writes events in
 * Tracee's flat form, {@link org.kmodwatch.core.write.FindingWriter} writes findings and {@link
 * org.kmodwatch.core.write.LoadWriter} writes load records. The writers are not thread-safe.
 */
@NullMarked
package org.kmodwatch.core.write;

import org.jspecify.annotations.NullMarked;

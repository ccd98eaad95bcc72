/**
 * Text from bytes without loss, {@link org.kmodwatch.core.text.Utf8}, and text that is cut, {@link
 * org.kmodwatch.core.text.Beginnings}. Stateless and safe to use from any thread.
 */
@NullMarked
package org.kmodwatch.core.text;

import org.jspecify.annotations.NullMarked;

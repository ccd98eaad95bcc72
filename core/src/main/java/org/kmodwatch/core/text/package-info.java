/**
 * Text from bytes without loss, {@link org.kmodwatch.core.text.Utf8}, text that is cut, {@link
 * org.kmodwatch.core.text.Beginnings}, and characters that nobody sees, {@link
 * org.kmodwatch.core.text.Unseen}. Stateless and safe to use from any thread.
 */
@NullMarked
package org.kmodwatch.core.text;

import org.jspecify.annotations.NullMarked;

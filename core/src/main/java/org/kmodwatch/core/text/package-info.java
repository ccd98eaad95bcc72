/**
 * Text from bytes without loss: {@link org.kmodwatch.core.text.Utf8}. Stateless and safe to use
 * from any thread.
 */
@NullMarked
package org.kmodwatch.core.text;

import org.jspecify.annotations.NullMarked;

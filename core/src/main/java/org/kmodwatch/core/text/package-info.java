/**
 * Decodes bytes to text without loss ({@link org.kmodwatch.core.text.Utf8}), cuts text ({@link
 * org.kmodwatch.core.text.Beginnings}), and finds invisible characters ({@link
 * org.kmodwatch.core.text.Unseen}). The classes are stateless and safe to use from any thread.
 */
@NullMarked
package org.kmodwatch.core.text;

import org.jspecify.annotations.NullMarked;

/** What the tests of several packages share. */
@NullMarked
package org.kmodwatch.core.testing;

import org.jspecify.annotations.NullMarked;

/** This package has the helpers that the tests of several packages share. */
@NullMarked
package org.kmodwatch.core.testing;

import org.jspecify.annotations.NullMarked;

/** Tests of the history. */
@NullMarked
package org.kmodwatch.history;

import org.jspecify.annotations.NullMarked;

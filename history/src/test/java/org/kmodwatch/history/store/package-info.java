/** Tests of databases. */
@NullMarked
package org.kmodwatch.history.store;

import org.jspecify.annotations.NullMarked;

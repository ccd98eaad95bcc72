/** Tests of databases. */
@NullMarked
package org.kmodwatch.agent.store;

import org.jspecify.annotations.NullMarked;

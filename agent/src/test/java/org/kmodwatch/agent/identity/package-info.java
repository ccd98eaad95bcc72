/** Tests of what modules are and whose. */
@NullMarked
package org.kmodwatch.agent.identity;

import org.jspecify.annotations.NullMarked;

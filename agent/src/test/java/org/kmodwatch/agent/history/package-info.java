/** Tests of the history. */
@NullMarked
package org.kmodwatch.agent.history;

import org.jspecify.annotations.NullMarked;

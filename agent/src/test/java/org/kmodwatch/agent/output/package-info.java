/** Tests of the outputs. */
@NullMarked
package org.kmodwatch.agent.output;

import org.jspecify.annotations.NullMarked;

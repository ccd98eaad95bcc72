/** Tests of the outputs. */
@NullMarked
package org.kmodwatch.agent.host;

import org.jspecify.annotations.NullMarked;

/** Contains the clock that all waits go by. Thread-safe. */
@NullMarked
package org.kmodwatch.agent.clock;

import org.jspecify.annotations.NullMarked;

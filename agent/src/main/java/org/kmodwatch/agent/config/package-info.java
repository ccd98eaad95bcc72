/**
 * The configuration: one description of all that may stand in it ({@link
 * org.kmodwatch.agent.config.Shape}), from which a file is checked, its JSON Schema is made, and an
 * example is written. What was read is a {@link org.kmodwatch.agent.config.Section}.
 *
 * <p>Everything here is immutable but {@link org.kmodwatch.agent.config.Problems}.
 */
@NullMarked
package org.kmodwatch.agent.config;

import org.jspecify.annotations.NullMarked;

/**
 * The configuration. One description of all allowed content ({@link
 * org.kmodwatch.agent.config.Shape}) is used to check a file, to create its JSON Schema and to
 * write an example. The result of reading is a {@link org.kmodwatch.agent.config.Section}.
 *
 * <p>All classes here are immutable except {@link org.kmodwatch.agent.config.Problems}.
 */
@NullMarked
package org.kmodwatch.agent.config;

import org.jspecify.annotations.NullMarked;

/**
 * Contains the formats of standard output: the table for people, JSON for programs.
 *
 * <p>One thread at a time uses it.
 */
@NullMarked
package org.kmodwatch.agent.output;

import org.jspecify.annotations.NullMarked;

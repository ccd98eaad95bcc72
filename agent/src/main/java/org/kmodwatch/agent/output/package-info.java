/**
 * What goes to standard output: the table for people, JSON for programs.
 *
 * <p>Used by one thread at a time.
 */
@NullMarked
package org.kmodwatch.agent.output;

import org.jspecify.annotations.NullMarked;

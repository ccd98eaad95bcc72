/**
 * The forms of findings, load records and alerts in output: Kmodwatch's own forms, and those of
 * other programs.
 *
 * <p>One thread at a time may use a format.
 */
@NullMarked
package org.kmodwatch.agent.format;

import org.jspecify.annotations.NullMarked;

/**
 * The forms that findings, load records and alerts are written in for others: our own, and those
 * that other programs read.
 *
 * <p>Formats are used by one thread at a time.
 */
@NullMarked
package org.kmodwatch.agent.format;

import org.jspecify.annotations.NullMarked;

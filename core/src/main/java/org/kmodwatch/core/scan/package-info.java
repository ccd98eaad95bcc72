/**
 * Cuts an input into blocks of whole lines and finds the lines that matter, without parsing them.
 * {@link org.kmodwatch.core.scan.LineBlocks} reads and decompresses, {@link
 * org.kmodwatch.core.scan.NameSearch} finds the names that signatures select.
 */
@NullMarked
package org.kmodwatch.core.scan;

import org.jspecify.annotations.NullMarked;

package org.kmodwatch.core.format;

/**
 * A reader's account; {@code lines} is always the sum of the other three.
 *
 * @param lines lines of the input; the place where damaged compressed data breaks off counts as one
 * @param events lines that were events
 * @param badLines lines that were not
 * @param blankLines lines with nothing in them but white space
 */
public record ReadStatistics(long lines, long events, long badLines, long blankLines) {}

package org.kmodwatch.core.format;

/**
 * How to read.
 *
 * @param maxLineBytes the longest line that is read, in bytes without the newline, at least 1; a
 *     longer one is a bad line and is passed over in constant memory
 */
public record ReadOptions(int maxLineBytes) {

  /** Lines of up to 16 MiB. */
  public static final ReadOptions DEFAULT = new ReadOptions(16 << 20);

  /** Refuses a limit below 1 or above 1 GiB, which no array of characters holds. */
  public ReadOptions {
    if (maxLineBytes < 1 || maxLineBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "the limit for a line must be from 1 byte to 1 GiB: maxLineBytes=" + maxLineBytes);
    }
  }
}

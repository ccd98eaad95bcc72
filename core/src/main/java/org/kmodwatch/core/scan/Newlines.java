package org.kmodwatch.core.scan;

import java.nio.ByteBuffer;

/** Finds the ends of lines, eight bytes at a time. Buffers are little endian. */
public final class Newlines {

  private static final long NEWLINES = 0x0A0A_0A0A_0A0A_0A0AL;
  private static final long LOW = 0x7F7F_7F7F_7F7F_7F7FL;

  private Newlines() {}

  /**
   * Returns the index of the first newline at {@code from} or later. A newline must exist there.
   */
  public static int at(ByteBuffer bytes, int from) {
    int at = from;
    while (at + Long.BYTES <= bytes.limit()) {
      long found = found(bytes.getLong(at));
      if (found != 0) {
        return at + Long.numberOfTrailingZeros(found) / Byte.SIZE;
      }
      at += Long.BYTES;
    }
    while (bytes.get(at) != '\n') {
      at++;
    }
    return at;
  }

  /**
   * Returns the beginning of the last line that begins at {@code to} or earlier: after a newline,
   * or at 0.
   */
  static int before(ByteBuffer bytes, int to) {
    int at = to;
    while (at >= Long.BYTES) {
      long found = found(bytes.getLong(at - Long.BYTES));
      if (found != 0) {
        return at - Long.numberOfLeadingZeros(found) / Byte.SIZE;
      }
      at -= Long.BYTES;
    }
    while (at > 0 && bytes.get(at - 1) != '\n') {
      at--;
    }
    return at;
  }

  /** Returns the number of newlines from {@code from} (inclusive) to {@code to} (exclusive). */
  public static long count(ByteBuffer bytes, int from, int to) {
    long count = 0;
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      count += Long.bitCount(found(bytes.getLong(at)));
    }
    for (; at < to; at++) {
      count += bytes.get(at) == '\n' ? 1 : 0;
    }
    return count;
  }

  /** Returns a mask with the high bit of each byte that is a newline. */
  private static long found(long bytes) {
    long x = bytes ^ NEWLINES;
    return ~(((x & LOW) + LOW) | x | LOW);
  }
}

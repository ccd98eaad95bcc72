package org.kmodwatch.core.format;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Cuts a stream into lines and holds one of them at a time. A line that is longer than the limit is
 * passed over without being held.
 */
final class LineReader {

  private final InputStream in;
  private final int maxLineBytes;
  private final byte[] chunk = new byte[1 << 16];
  private int chunkAt;
  private int chunkEnd;
  private byte[] line = new byte[1 << 12];
  private int length;
  private boolean tooLong;

  LineReader(InputStream in, int maxLineBytes) {
    this.in = in;
    this.maxLineBytes = maxLineBytes;
  }

  /**
   * Goes to the next line.
   *
   * @return whether there is one; an input that ends in a newline has no empty line after it
   * @throws IOException if the input fails; {@link #bytes} then holds the beginning of the line it
   *     failed in
   */
  boolean next() throws IOException {
    length = 0;
    tooLong = false;
    boolean any = false;
    while (true) {
      if (chunkAt == chunkEnd) {
        chunkAt = 0;
        chunkEnd = 0;
        int read = in.read(chunk, 0, chunk.length);
        if (read < 0) {
          return any;
        }
        chunkEnd = read;
        continue;
      }
      any = true;
      int newline = chunkAt;
      while (newline < chunkEnd && chunk[newline] != '\n') {
        newline++;
      }
      append(chunkAt, newline);
      boolean complete = newline < chunkEnd;
      chunkAt = complete ? newline + 1 : newline;
      if (complete) {
        return true;
      }
    }
  }

  /** The line's bytes, from 0 to {@link #length}; valid until the next line. */
  byte[] bytes() {
    return line;
  }

  /** How many bytes the line has, without the newline. */
  int length() {
    return length;
  }

  /** Whether the line is longer than the limit, in which case it is not held. */
  boolean isTooLong() {
    return tooLong;
  }

  private void append(int from, int to) {
    int more = to - from;
    if (tooLong || more > maxLineBytes - length) {
      tooLong = true;
      length = 0;
      return;
    }
    if (length + more > line.length) {
      long doubled = Math.max(2L * line.length, (long) length + more);
      line = Arrays.copyOf(line, (int) Math.min(doubled, maxLineBytes));
    }
    System.arraycopy(chunk, from, line, length, more);
    length += more;
  }
}

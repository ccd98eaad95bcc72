package org.kmodwatch.agent.output;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Collects lines and writes them together. So a kill between two writes leaves no partial line.
 * Each write to it must be a line.
 */
public final class WholeLines extends OutputStream {

  private static final int BYTES = 64 << 10;

  private final OutputStream out;
  private final byte[] lines = new byte[BYTES];
  private int length;

  /** Creates a stream that writes to {@code out}. */
  public WholeLines(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    if (count > BYTES - length) {
      writeWholeLines();
    }
    if (count > BYTES) {
      out.write(bytes, offset, count);
      return;
    }
    System.arraycopy(bytes, offset, lines, length, count);
    length += count;
  }

  @Override
  public void flush() throws IOException {
    writeWholeLines();
    out.flush();
  }

  private void writeWholeLines() throws IOException {
    int all = length;
    // Clears the lines before the write: after a partial failure they must not be written again.
    length = 0;
    if (all > 0) {
      out.write(lines, 0, all);
    }
  }
}

package org.kmodwatch.agent.output;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Collects what is written and hands it on as a whole: who is killed between two lines leaves no
 * half of one. Each write must be a line.
 */
final class WholeLines extends OutputStream {

  /** Past this it is handed on unasked. */
  private static final int ENOUGH_BYTES = 64 << 10;

  private final OutputStream out;
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream(ENOUGH_BYTES);

  WholeLines(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    lines.write(bytes, offset, length);
    if (lines.size() >= ENOUGH_BYTES) {
      handOn();
    }
  }

  @Override
  public void flush() throws IOException {
    handOn();
    out.flush();
  }

  private void handOn() throws IOException {
    if (lines.size() > 0) {
      byte[] all = lines.toByteArray();
      lines.reset();
      out.write(all);
    }
  }
}

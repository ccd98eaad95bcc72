package org.kmodwatch.agent.shell;

import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32C;

/**
 * Counts bytes, computes their checksum, and passes them to another stream unless muted. Not
 * thread-safe.
 */
public final class MeteredOutput extends OutputStream {

  private final OutputStream out;
  private final CRC32C checksum = new CRC32C();
  private long bytes;
  private boolean muted;

  /** Creates a stream that writes to {@code out}. */
  public MeteredOutput(OutputStream out) {
    this.out = out;
  }

  /** Sets whether further bytes are discarded after they are counted. */
  public void mute(boolean newMuted) {
    muted = newMuted;
  }

  /** Returns how many bytes were written, muted bytes included. */
  public long bytes() {
    return bytes;
  }

  /** Returns the CRC-32C of all written bytes. */
  public long checksum() {
    return checksum.getValue();
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] written, int offset, int length) throws IOException {
    if (!muted) {
      out.write(written, offset, length);
    }
    bytes += length;
    checksum.update(written, offset, length);
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }
}

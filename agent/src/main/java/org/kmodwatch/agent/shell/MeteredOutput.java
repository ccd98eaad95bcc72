package org.kmodwatch.agent.shell;

import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32C;

/**
 * Counts what passes and keeps its checksum, and passes nothing on while it is muted. Not
 * thread-safe.
 */
public final class MeteredOutput extends OutputStream {

  private final OutputStream out;
  private final CRC32C checksum = new CRC32C();
  private long bytes;
  private boolean muted;

  /** Passes on to {@code out}. */
  public MeteredOutput(OutputStream out) {
    this.out = out;
  }

  /** From now on: whether what is written goes no further. */
  public void mute(boolean newMuted) {
    muted = newMuted;
  }

  /** How many bytes were written, muted or not. */
  public long bytes() {
    return bytes;
  }

  /** CRC-32C of all of them. */
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

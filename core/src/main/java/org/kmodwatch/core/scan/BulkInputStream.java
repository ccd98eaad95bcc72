package org.kmodwatch.core.scan;

import java.io.IOException;
import java.io.InputStream;

/** A stream that is made to be read in pieces, and reads a single byte as a piece of one. */
public abstract class BulkInputStream extends InputStream {

  /** Creates a stream. */
  protected BulkInputStream() {}

  @Override
  public final int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public abstract int read(byte[] buffer, int offset, int length) throws IOException;
}

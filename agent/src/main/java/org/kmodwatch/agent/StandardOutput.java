package org.kmodwatch.agent;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;

/**
 * Standard output whose failures say what they mean: that the reader has gone, which is an ordinary
 * end ({@code | head}), or that there is no room.
 */
final class StandardOutput extends OutputStream {

  private final OutputStream out;
  private final boolean pipe;

  /**
   * Wraps {@code out}.
   *
   * @param pipe whether it is a pipe or a socket, which fail for no other reason than that the
   *     reader has gone; the kernel's word for it comes in the user's language
   */
  StandardOutput(OutputStream out, boolean pipe) {
    this.out = out;
    this.pipe = pipe;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      if (pipe || "Broken pipe".equals(e.getMessage())) {
        throw new ReaderGoneException(e);
      }
      throw new IOException("cannot write to standard output: " + e.getMessage(), e);
    }
  }

  /**
   * What was written is on the disk, if it goes to a file.
   *
   * @throws IOException if the disk has not taken it
   */
  void force() throws IOException {
    if (pipe || !(out instanceof FileOutputStream file)) {
      return;
    }
    FileChannel channel = file.getChannel();
    try {
      channel.force(false);
    } catch (IOException e) {
      // A terminal and /dev/null cannot, and have nothing in them.
      if (channel.size() > 0) {
        throw new IOException("cannot write to standard output: " + e.getMessage(), e);
      }
    }
  }

  /** Nobody reads standard output any more. */
  static final class ReaderGoneException extends IOException {
    private static final long serialVersionUID = 1L;

    ReaderGoneException(IOException cause) {
      super("nobody reads standard output any more", cause);
    }
  }
}

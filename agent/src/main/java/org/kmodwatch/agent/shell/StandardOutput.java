package org.kmodwatch.agent.shell;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import org.kmodwatch.agent.output.Destination;
import org.kmodwatch.agent.output.JournalLines;
import org.kmodwatch.agent.output.ReaderGoneException;

/**
 * Standard output whose failures say what they mean: that the reader has gone, which is an ordinary
 * end ({@code | head}), or that there is no room.
 */
public final class StandardOutput extends OutputStream implements Destination {

  private final OutputStream out;
  private final boolean pipe;
  private final boolean journal;

  /**
   * Wraps {@code out}.
   *
   * @param pipe whether it is a pipe or a socket, which fail for no other reason than that the
   *     reader has gone; the kernel's word for it comes in the user's language
   */
  public StandardOutput(OutputStream out, boolean pipe) {
    this(out, pipe, false);
  }

  /**
   * Wraps {@code out}.
   *
   * @param journal whether it is a stream to journald, which takes no line of any length
   */
  public StandardOutput(OutputStream out, boolean pipe, boolean journal) {
    this.out = out;
    this.pipe = pipe;
    this.journal = journal;
  }

  /** {@code out} itself where it is one already. */
  public static StandardOutput of(OutputStream out) {
    return out instanceof StandardOutput standard ? standard : new StandardOutput(out, false);
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    try {
      if (out instanceof FileOutputStream file) {
        // Unlike the stream's own, it says how far it came.
        file.getChannel().write(bytes);
      } else {
        var all = new byte[bytes.remaining()];
        bytes.duplicate().get(all);
        out.write(all);
        out.flush();
        bytes.position(bytes.limit());
      }
    } catch (IOException e) {
      throw isReaderGone(e) ? new ReaderGoneException("standard output", e) : e;
    }
  }

  @Override
  public byte[] fitting(byte[] lines) {
    return journal ? JournalLines.bounded(lines) : lines;
  }

  private boolean isReaderGone(IOException e) {
    return pipe || "Broken pipe".equals(e.getMessage());
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      if (journal) {
        // Each write is of whole lines: who writes them collects them (WholeLines).
        out.write(fitting(Arrays.copyOfRange(bytes, offset, offset + length)));
      } else {
        out.write(bytes, offset, length);
      }
    } catch (IOException e) {
      if (isReaderGone(e)) {
        throw new ReaderGoneException("standard output", e);
      }
      throw new IOException("cannot write to standard output: " + e.getMessage(), e);
    }
  }

  /**
   * What was written is on the disk, if it goes to a file.
   *
   * @throws IOException if the disk has not taken it
   */
  public void force() throws IOException {
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
}

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
 * Standard output with clear errors: the reader has closed it, which is an ordinary end ({@code |
 * head}), or the write failed.
 */
public final class StandardOutput extends OutputStream implements Destination {

  private final OutputStream out;
  private final boolean pipe;
  private final boolean journal;

  /**
   * Wraps {@code out}.
   *
   * @param pipe whether it is a pipe or a socket. These fail only if the reader has closed them,
   *     and the kernel's message is in the user's language.
   */
  public StandardOutput(OutputStream out, boolean pipe) {
    this(out, pipe, false);
  }

  /**
   * Wraps {@code out}.
   *
   * @param journal whether it is a stream to journald, which limits the length of lines
   */
  public StandardOutput(OutputStream out, boolean pipe, boolean journal) {
    this.out = out;
    this.pipe = pipe;
    this.journal = journal;
  }

  /** Returns {@code out} itself if it is already a StandardOutput. */
  public static StandardOutput of(OutputStream out) {
    return out instanceof StandardOutput standard ? standard : new StandardOutput(out, false);
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    try {
      if (out instanceof FileOutputStream file) {
        // Unlike the stream, the channel reports how many bytes it wrote.
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
        // Each write has whole lines: the writer collects them (WholeLines).
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
   * Forces the written bytes to disk, if standard output is a file.
   *
   * @throws IOException if the disk reports an error
   */
  public void force() throws IOException {
    if (pipe || !(out instanceof FileOutputStream file)) {
      return;
    }
    FileChannel channel = file.getChannel();
    try {
      channel.force(false);
    } catch (IOException e) {
      // A terminal and /dev/null cannot be forced, and their size is 0.
      if (channel.size() > 0) {
        throw new IOException("cannot write to standard output: " + e.getMessage(), e);
      }
    }
  }
}

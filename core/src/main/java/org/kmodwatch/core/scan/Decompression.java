package org.kmodwatch.core.scan;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * Decompresses an input. It recognises the format by the first bytes, not by a file name, because
 * standard input has none.
 */
public final class Decompression {

  private static final int MAGIC_BYTES = 4;

  private Decompression() {}

  /**
   * Returns the content of {@code in}. It decompresses gzip (RFC 1952, several members included)
   * and Zstandard (RFC 8878, several frames included), and returns other data unchanged.
   *
   * <p>If the data is damaged or ends early, reading from the result throws an {@link IOException}
   * whose message begins with {@code gzip data} or {@code zstd data}. Everything before that can be
   * read. The memory used is at most one window of 8 MiB. A Zstandard frame with a larger window is
   * decompressed as a whole, into {@link #wholeBytes} at most. Closing the result closes {@code
   * in}.
   *
   * @throws IOException if {@code in} cannot be read
   */
  public static InputStream open(InputStream in) throws IOException {
    return open(in, Long.MAX_VALUE, wholeBytes());
  }

  /**
   * Returns the largest size of data that is decompressed as a whole: a quarter of the heap, from
   * 16 MiB to 512 MiB.
   */
  static long wholeBytes() {
    return Math.clamp(Runtime.getRuntime().maxMemory() / 4, 16L << 20, 512L << 20);
  }

  /**
   * Returns the content of {@code in} like {@link #open(InputStream)}, with limits.
   *
   * @param maxParts the largest number of members or frames; reading beyond it throws an {@link
   *     IOException}
   * @param maxWholeBytes the largest size of data that is decompressed as a whole, in bytes
   * @throws IOException if {@code in} cannot be read
   */
  public static InputStream open(InputStream in, long maxParts, long maxWholeBytes)
      throws IOException {
    var buffered = new PeekInputStream(in);
    byte[] head = buffered.peek();
    int magic = magic(head);
    var source = new Source(buffered);
    if (isGzip(magic)) {
      return new CheckedStream("gzip", source, new GzipMembers(source, maxParts));
    }
    if (isZstd(magic)) {
      InputStream zstd = new ZstdRuns(new ZstdFrames(source, maxParts), maxWholeBytes);
      return new CheckedStream("zstd", source, zstd);
    }
    return buffered;
  }

  /**
   * Returns whether the data at the position of {@code file} is compressed. Does not change the
   * position.
   */
  static boolean isCompressed(FileChannel file) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(MAGIC_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.read(head, file.position());
    int magic = head.getInt(0);
    return isGzip(magic) || isZstd(magic);
  }

  /** Returns the first four bytes as a little-endian number. Bytes after the end are zero. */
  private static int magic(byte[] head) {
    int magic = 0;
    for (int i = 0; i < Math.min(MAGIC_BYTES, head.length); i++) {
      magic |= (head[i] & 0xFF) << (8 * i);
    }
    return magic;
  }

  private static boolean isGzip(int magic) {
    return (magic & 0xFFFF) == 0x8B1F;
  }

  private static boolean isZstd(int magic) {
    return magic == 0xFD2FB528 || (magic & 0xFFFFFFF0) == 0x184D2A50;
  }

  /** A buffered stream that can show its first bytes in advance. */
  private static final class PeekInputStream extends BufferedInputStream {
    PeekInputStream(InputStream in) {
      super(in, 1 << 13);
    }

    /** Returns the first bytes of the stream. */
    byte[] peek() throws IOException {
      mark(MAGIC_BYTES);
      byte[] head = readNBytes(MAGIC_BYTES);
      reset();
      return head;
    }
  }

  /**
   * A stream that remembers a failure of the device, so that it is not mistaken for damaged data.
   */
  private static final class Source extends FilterInputStream {
    private boolean failed;

    Source(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      try {
        return in.read(buffer, offset, length);
      } catch (IOException e) {
        failed = true;
        throw e;
      }
    }
  }

  /** Reports that the data exceeds a limit. It is not known to be damaged. */
  static class PastLimitException extends IOException {
    private static final long serialVersionUID = 1L;

    PastLimitException(String message) {
      super(message);
    }

    static PastLimitException parts(long maxParts) {
      return new PastLimitException("has more parts than are allowed: limit=" + maxParts);
    }
  }

  /** A stream that turns all errors of a decompressor into one kind of exception. */
  private static final class CheckedStream extends BulkInputStream {
    private final String format;
    private final Source source;
    private final InputStream decompressed;

    CheckedStream(String format, Source source, InputStream decompressed) {
      this.format = format;
      this.source = source;
      this.decompressed = decompressed;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      try {
        return decompressed.read(buffer, offset, length);
      } catch (IOException | RuntimeException e) {
        throw explained(e);
      }
    }

    @Override
    public void close() throws IOException {
      decompressed.close();
    }

    private IOException explained(Exception e) {
      if (source.failed && e instanceof IOException deviceFailure) {
        return deviceFailure;
      }
      if (e instanceof PastLimitException) {
        return new CompressedDataException(format + " data " + e.getMessage(), e);
      }
      String message = String.valueOf(e.getMessage());
      boolean early =
          e instanceof EOFException || message.startsWith("Not enough input") || isShort(message);
      return new CompressedDataException(
          format + (early ? " data ends early" : " data is damaged: " + message), e);
    }

    private static boolean isShort(String message) {
      return message.contains("unexpected end") || message.contains("Unexpected end");
    }
  }
}

package org.kmodwatch.core.format;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Undoes the compression of an input, which it knows by the first bytes and not by a name: standard
 * input has none.
 */
public final class Compression {

  private static final int MAGIC_BYTES = 4;

  private Compression() {}

  /**
   * What {@code in} holds, decompressed if it is gzip (RFC 1952, several members included) or
   * Zstandard (RFC 8878, several frames included; windows up to 8 MiB), and as it is otherwise.
   *
   * <p>Reading from the result throws an {@link IOException} whose message begins with {@code gzip
   * data} or {@code zstd data} if the data is damaged or ends early; everything before that can be
   * read. Closing the result closes {@code in}.
   *
   * @throws IOException if {@code in} cannot be read, or the header is damaged
   */
  public static InputStream open(InputStream in) throws IOException {
    var buffered = new PeekInputStream(in);
    int magic = buffered.peekLittleEndian();
    if (isGzip(magic)) {
      return new CheckedStream("gzip", new Source(buffered), Gzip::new);
    }
    if (isZstd(magic)) {
      return new CheckedStream(
          "zstd", new Source(buffered), raw -> new ZstdInputStream(new ZstdFrames(raw)));
    }
    return buffered;
  }

  /** Whether what follows in {@code file} is compressed. Leaves its position as it is. */
  static boolean isCompressed(FileChannel file) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(MAGIC_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.read(head, file.position());
    int magic = head.getInt(0);
    return isGzip(magic) || isZstd(magic);
  }

  private static boolean isGzip(int magic) {
    return (magic & 0xFFFF) == 0x8B1F;
  }

  private static boolean isZstd(int magic) {
    return magic == 0xFD2FB528 || (magic & 0xFFFFFFF0) == 0x184D2A50;
  }

  /** Makes a decompressor on a stream. */
  private interface Decompressor {
    InputStream on(InputStream in) throws IOException;
  }

  /**
   * Buffers, looks ahead, and says truthfully whether there is more: GZIPInputStream asks {@code
   * available} whether another member follows, and a pipe says no while the next one is under way.
   */
  private static final class PeekInputStream extends BufferedInputStream {
    PeekInputStream(InputStream in) {
      super(in, 1 << 13);
    }

    /** The first four bytes, the first of them lowest; bytes past the end are zero. */
    int peekLittleEndian() throws IOException {
      mark(MAGIC_BYTES);
      byte[] head = readNBytes(MAGIC_BYTES);
      reset();
      int magic = 0;
      for (int i = 0; i < head.length; i++) {
        magic |= (head[i] & 0xFF) << (8 * i);
      }
      return magic;
    }

    @Override
    public synchronized int available() throws IOException {
      mark(1);
      int next = read();
      reset();
      return next < 0 ? 0 : 1;
    }
  }

  /** Remembers that the device failed, so that this is not taken for damage of the data. */
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

  /** Gzip that does not pass over what follows the last member. */
  private static final class Gzip extends GZIPInputStream {
    private static final int TRAILER_BYTES = 8;

    Gzip(InputStream in) throws IOException {
      super(in, 1 << 16);
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      if (read < 0) {
        // Zeroes are padding, from tapes and block devices.
        for (int i = len - inf.getRemaining() + TRAILER_BYTES; i < len; i++) {
          if (buf[i] != 0) {
            throw new ZipException("something follows that is not gzip");
          }
        }
      }
      return read;
    }
  }

  /** Turns each way in which a decompressor says that data is damaged into one exception. */
  private static final class CheckedStream extends InputStream {
    private final String format;
    private final Source source;
    private final InputStream decompressed;

    CheckedStream(String format, Source source, Decompressor decompressor) throws IOException {
      this.format = format;
      this.source = source;
      try {
        this.decompressed = decompressor.on(source);
      } catch (IOException | RuntimeException e) {
        throw explained(e);
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
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

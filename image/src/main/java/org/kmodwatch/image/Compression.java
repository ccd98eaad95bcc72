package org.kmodwatch.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.scan.BulkInputStream;
import org.tukaani.xz.ArrayCache;
import org.tukaani.xz.BasicArrayCache;
import org.tukaani.xz.CorruptedInputException;
import org.tukaani.xz.SingleXZInputStream;
import org.tukaani.xz.XZFormatException;

/** Identifies the compression of a module file by its first bytes. */
public enum Compression {
  /** The file is not compressed. */
  NONE,
  /** The file is gzip (RFC 1952); {@code .ko.gz}. */
  GZIP,
  /** The file is xz; {@code .ko.xz}. */
  XZ,
  /** The file is Zstandard (RFC 8878); {@code .ko.zst}. */
  ZSTD;

  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;
  private static final int PIECE_BYTES = 64 << 10;

  private static final int[] GZIP_MAGIC = {0x1f, 0x8b};
  private static final int[] XZ_MAGIC = {0xfd, '7', 'z', 'X', 'Z', 0};
  private static final int[] ZSTD_MAGIC = {0x28, 0xb5, 0x2f, 0xfd};

  /** Returns the compression whose magic number begins {@code bytes}. */
  public static Compression of(ByteBuffer bytes) {
    if (begins(bytes, XZ_MAGIC)) {
      return XZ;
    }
    if (begins(bytes, ZSTD_MAGIC)) {
      return ZSTD;
    }
    return begins(bytes, GZIP_MAGIC) ? GZIP : NONE;
  }

  private static boolean begins(ByteBuffer bytes, int[] magic) {
    for (int i = 0; i < magic.length; i++) {
      if (i >= bytes.remaining() || (bytes.get(bytes.position() + i) & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns {@code bytes} decompressed, and does not change their position. It decompresses twice,
   * first to count the output. Data beyond a limit therefore takes no memory, and other data takes
   * no more than necessary.
   *
   * @param nanoClock a monotonic clock, in nanoseconds
   * @throws ModuleImageException if the data is damaged, or exceeds a limit
   */
  ByteBuffer decompress(ByteBuffer bytes, ModuleImageLimits limits, LongSupplier nanoClock) {
    if (this == NONE) {
      return bytes.slice();
    }
    var deadline = new Deadline(limits.maxDecompressing(), nanoClock);
    var out = new byte[decompressedBytes(bytes, limits, deadline, piece -> true)];
    try (InputStream in = open(bytes.slice(), limits, deadline)) {
      return ByteBuffer.wrap(out, 0, in.readNBytes(out, 0, out.length)).slice();
    } catch (ModuleImageException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw damaged(e, 0);
    }
  }

  /**
   * Returns whether {@code bytes} is {@code plain} in any form of a module file. It stops at the
   * first difference, and keeps no data.
   *
   * @param nanoClock a monotonic clock, in nanoseconds
   * @throws ModuleImageException if {@code bytes} is damaged, or exceeds a limit, before the result
   *     is known
   */
  public static boolean isFormOf(
      ByteBuffer bytes, ByteBuffer plain, ModuleImageLimits limits, LongSupplier nanoClock) {
    Compression form = of(bytes);
    if (form == NONE || bytes.equals(plain)) {
      return bytes.equals(plain);
    }
    ByteBuffer left = plain.slice();
    int length =
        form.decompressedBytes(
            bytes,
            limits,
            new Deadline(limits.maxDecompressing(), nanoClock),
            piece -> {
              boolean same =
                  piece.remaining() <= left.remaining()
                      && piece.equals(left.slice(left.position(), piece.remaining()));
              if (same) {
                left.position(left.position() + piece.remaining());
              }
              return same;
            });
    return length == plain.remaining() && !left.hasRemaining();
  }

  /** Receives the output, piece by piece. */
  @FunctionalInterface
  private interface PieceReader {
    /** Receives a piece; returns whether to continue. */
    boolean read(ByteBuffer piece);
  }

  /** Returns the size of the output, up to the piece at which {@code reader} stops. */
  private int decompressedBytes(
      ByteBuffer bytes, ModuleImageLimits limits, Deadline deadline, PieceReader reader) {
    long limit = largest(bytes, limits);
    var piece = new byte[PIECE_BYTES];
    int length = 0;
    try (InputStream in = open(bytes.slice(), limits, deadline)) {
      while (true) {
        int read = in.read(piece, 0, (int) Math.min(piece.length, limit - length + 1));
        if (read < 0) {
          return length;
        }
        deadline.check();
        if (read > limit - length) {
          throw new ModuleImageException(
              "the module is larger than is allowed once decompressed: limit=" + limit, limit);
        }
        length += read;
        if (!reader.read(ByteBuffer.wrap(piece, 0, read))) {
          return length;
        }
      }
    } catch (ModuleImageException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw damaged(e, length);
    }
  }

  /** Returns the largest output that is allowed for {@code bytes}. */
  private static long largest(ByteBuffer bytes, ModuleImageLimits limits) {
    long allowed = Math.max(MIB, (long) bytes.remaining() * limits.maxRatio());
    return Math.min(allowed, limits.maxDecompressedBytes());
  }

  private ModuleImageException damaged(Exception e, long offset) {
    if (e instanceof OutOfTimeException outOfTime) {
      return new ModuleImageException(outOfTime.said(), offset, e);
    }
    return new ModuleImageException(
        "the %s data cannot be decompressed, %s".formatted(word(), reason(e)), offset, e);
  }

  /** Returns the name in lower case, as in records. */
  public String word() {
    return switch (this) {
      case NONE -> "none";
      case GZIP -> "gzip";
      case XZ -> "xz";
      case ZSTD -> "zstd";
    };
  }

  private InputStream open(ByteBuffer bytes, ModuleImageLimits limits, Deadline deadline)
      throws IOException {
    long largest = largest(bytes, limits);
    var in = new ByteBufferInputStream(bytes, deadline);
    return this == XZ
        ? new XzStreams(in, limits)
        : org.kmodwatch.core.scan.Decompression.open(in, limits.maxParts(), largest);
  }

  private static String reason(Exception e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  /** Limits the time of a decompression. The input and the output streams check it. */
  private static final class Deadline {
    private final Duration longest;
    private final LongSupplier nanoClock;
    private final long beginNanos;

    Deadline(Duration longest, LongSupplier nanoClock) {
      this.longest = longest;
      this.nanoClock = nanoClock;
      this.beginNanos = nanoClock.getAsLong();
    }

    /** Throws if the time limit has passed. */
    void check() throws OutOfTimeException {
      if (nanoClock.getAsLong() - beginNanos > longest.toNanos()) {
        throw new OutOfTimeException(
            "decompression takes longer than is allowed: limit=%d ms"
                .formatted(longest.toMillis()));
      }
    }
  }

  /**
   * Reports that the time limit has passed. The input throws it, so that no decompressor reports
   * damaged data.
   */
  private static final class OutOfTimeException extends IOException {
    private static final long serialVersionUID = 1;

    private final String said;

    OutOfTimeException(String said) {
      super(said);
      this.said = said;
    }

    String said() {
      return said;
    }
  }

  /** A stream that reads from a buffer. */
  private static final class ByteBufferInputStream extends InputStream {
    private final ByteBuffer bytes;
    private final Deadline deadline;

    ByteBufferInputStream(ByteBuffer bytes, Deadline deadline) {
      this.bytes = bytes;
      this.deadline = deadline;
    }

    @Override
    public int read() throws IOException {
      deadline.check();
      return bytes.hasRemaining() ? bytes.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      deadline.check();
      if (length == 0) {
        return 0;
      }
      int count = Math.min(length, bytes.remaining());
      if (count == 0) {
        return -1;
      }
      bytes.get(buffer, offset, count);
      return count;
    }

    @Override
    public int available() {
      return bytes.remaining();
    }

    /** Skips the zeroes between two xz streams, four at a time; returns whether data follows. */
    boolean skipPadding() {
      while (bytes.remaining() >= Integer.BYTES && bytes.getInt(bytes.position()) == 0) {
        bytes.position(bytes.position() + Integer.BYTES);
      }
      return bytes.hasRemaining();
    }
  }

  /** Reads the streams of xz data one after the other, like XZInputStream, but counts them. */
  private static final class XzStreams extends BulkInputStream {
    private final ByteBufferInputStream in;
    private final ModuleImageLimits limits;

    /** A cache of dictionaries, because each block has a separate one. */
    private final ArrayCache dictionaries = new BasicArrayCache();

    private @Nullable SingleXZInputStream current;
    private @Nullable XzDictionary dictionary;
    private int streams;

    XzStreams(ByteBufferInputStream in, ModuleImageLimits limits) {
      this.in = in;
      this.limits = limits;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      while (true) {
        SingleXZInputStream stream = current;
        if (stream == null) {
          if (streams > 0 && !in.skipPadding()) {
            return -1;
          }
          stream = next();
          current = stream;
        }
        int read;
        try {
          read = stream.read(buffer, offset, length);
        } catch (CorruptedInputException e) {
          throw dictionary != null && dictionary.isReduced()
              ? new IOException(
                  "it needs a larger dictionary than is allowed: limit=" + room(limits), e)
              : e;
        }
        if (read >= 0) {
          return read;
        }
        current = null;
      }
    }

    /** Returns the size that a dictionary may have. The decoder needs some memory beside it. */
    private static long room(ModuleImageLimits limits) {
      return limits.maxDictionaryBytes() - MIB;
    }

    private SingleXZInputStream next() throws IOException {
      if (streams == limits.maxParts()) {
        throw new IOException("it has more parts than are allowed: limit=" + limits.maxParts());
      }
      streams++;
      try {
        dictionary = new XzDictionary(in, room(limits));
        return new SingleXZInputStream(
            dictionary, (int) (limits.maxDictionaryBytes() / KIB), true, dictionaries);
      } catch (XZFormatException e) {
        throw streams == 1 ? e : new IOException("something follows that is not xz", e);
      }
    }
  }
}

package org.kmodwatch.core.scan;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decompresses one Zstandard frame as a whole, in memory. The frames of {@code zstd --long} and
 * {@code --ultra} refer back further than {@link io.airlift.compress.zstd.ZstdInputStream} keeps.
 */
final class ZstdWhole extends InputStream {

  private static final int LEAST_ROOM = 4 << 10;

  /**
   * The largest compression ratio. Logs compress to a hundredth at best, and a few bytes must not
   * take a large heap.
   */
  private static final int MAX_RATIO = 1000;

  private static final long ALWAYS_ALLOWED = 16L << 20;

  private final ZstdFrames frames;
  private final ZstdDecompressor decompressor;
  private final long maxBytes;
  private @Nullable ByteArrayInputStream out;

  /**
   * Creates a stream of the decompressed frame.
   *
   * @param frames the frames, in a run of one
   * @param maxBytes the largest size of the output and of the input, in bytes; beyond 16 MiB, the
   *     output is at most 1,000 times the input
   */
  ZstdWhole(ZstdFrames frames, ZstdDecompressor decompressor, long maxBytes) {
    this.frames = frames;
    this.decompressor = decompressor;
    this.maxBytes = Math.min(maxBytes, Integer.MAX_VALUE - 16);
  }

  @Override
  public int read() throws IOException {
    return out().read();
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    return out().read(buffer, offset, length);
  }

  @Override
  public void close() throws IOException {
    frames.close();
  }

  private InputStream out() throws IOException {
    if (out == null) {
      out = decompress();
    }
    return out;
  }

  private ByteArrayInputStream decompress() throws IOException {
    byte[] in = frames.readNBytes((int) maxBytes);
    if (frames.read() >= 0) {
      throw tooMuch(maxBytes);
    }
    long most = Math.min(maxBytes, Math.max(ALWAYS_ALLOWED, (long) MAX_RATIO * in.length));
    int size = (int) Math.min(most, Math.max(LEAST_ROOM, 8L * in.length));
    while (true) {
      byte[] room = new byte[size];
      try {
        int end = decompressor.decompress(in, 0, in.length, room, 0, size);
        return new ByteArrayInputStream(end < size / 2 ? Arrays.copyOf(room, end) : room, 0, end);
      } catch (MalformedInputException | IllegalArgumentException e) {
        if (!String.valueOf(e.getMessage()).contains("utput buffer too small")) {
          throw e;
        }
        if (size == most) {
          throw tooMuch(most);
        }
      }
      size = (int) Math.min(most, 4L * size);
    }
  }

  private static Decompression.PastLimitException tooMuch(long limit) {
    return new Decompression.PastLimitException(
        "has a window of more than 8 MiB, and does not fit into memory: limit=" + limit);
  }
}

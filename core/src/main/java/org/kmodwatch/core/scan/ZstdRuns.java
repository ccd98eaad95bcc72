package org.kmodwatch.core.scan;

import io.airlift.compress.zstd.ZstdDecompressor;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Decompresses the frames of Zstandard data, run by run. */
final class ZstdRuns extends BulkInputStream {

  /**
   * The largest number of runs with small windows. Each allocates new tables and buffers, some 300
   * KiB.
   */
  private static final int MAX_RUNS_OF_SMALL = 256;

  private final ZstdFrames frames;
  private final long maxWholeBytes;
  private final ZstdDecompressor decompressor = new ZstdDecompressor();
  private InputStream run = InputStream.nullInputStream();
  private int runsOfSmall;

  /**
   * Creates a stream of the decompressed data.
   *
   * @param maxWholeBytes the largest size of a frame that is decompressed as a whole, in bytes
   */
  ZstdRuns(ZstdFrames frames, long maxWholeBytes) {
    this.frames = frames;
    this.maxWholeBytes = maxWholeBytes;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    while (true) {
      int count = run.read(buffer, offset, length);
      if (count >= 0) {
        return count;
      }
      if (!frames.nextRun()) {
        return -1;
      }
      run = frames.isLarge() ? new ZstdWhole(frames, decompressor, maxWholeBytes) : ofSmall();
    }
  }

  private InputStream ofSmall() throws IOException {
    if (runsOfSmall++ == MAX_RUNS_OF_SMALL) {
      throw new Decompression.PastLimitException(
          "changes between large and small windows more often than is allowed: limit="
              + MAX_RUNS_OF_SMALL);
    }
    return new ZstdInputStream(frames);
  }

  @Override
  public void close() throws IOException {
    frames.close();
  }
}

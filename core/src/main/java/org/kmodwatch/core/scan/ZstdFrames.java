package org.kmodwatch.core.scan;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads Zstandard data for the decompressor, which gets only checked data. It checks the sizes in
 * the headers before the decompressor allocates memory. It removes skippable frames, which the
 * decompressor does not know; parallel and seekable compressors write them between and after the
 * others. It follows the frame headers (RFC 8878, section 3.1) and returns the frames in runs. A
 * run is a series of frames with windows that the decompressor supports, or one frame with a larger
 * window.
 *
 * <p>The decompressor checks the window only where a block refers back to it. Otherwise it keeps as
 * much as the header claims, and copies all of it for each block.
 */
final class ZstdFrames extends BulkInputStream {

  private static final int LARGEST_HEADER = 18;
  private static final int FRAME_MAGIC = 0xFD2FB528;
  private static final int SKIPPABLE_MAGIC = 0x184D2A50;

  /** The largest window that the streaming decompressor supports. */
  private static final long MAX_WINDOW_BYTES = 8L << 20;

  /**
   * The largest window that {@code zstd} itself reads by default; {@code --ultra -22} writes it.
   */
  private static final long LARGEST_WINDOW_BYTES = 128L << 20;

  /** The largest size that a block may have: Block_Maximum_Size (section 3.1.1.2.3). */
  private static final int MAX_BLOCK_BYTES = 128 << 10;

  private static final int RUN_LENGTH = 1;
  private static final byte WINDOW_OF_8_MIB = 13 << 3;

  private enum Next {
    FRAME,
    BLOCK,
    CHECKSUM
  }

  private final InputStream in;
  private final long maxFrames;
  private long frames;

  /** A header that was read to find the next data, and must still be returned to the reader. */
  private final byte[] header = new byte[LARGEST_HEADER];

  private int headerAt;
  private int headerEnd;

  /** The number of bytes that are returned unchanged before the next header. */
  private long bodyLeft;

  private boolean hasChecksum;

  /** Whether the frame whose header was read last has a large window. */
  private boolean hasLargeWindow;

  private Next next = Next.FRAME;

  /** Whether this run is one frame with a large window. */
  private boolean large;

  /** Whether the header belongs to the next run. */
  private boolean ofNextRun = true;

  /**
   * Creates a stream that stands before its first run.
   *
   * @param maxFrames the largest number of frames, skippable ones included
   */
  ZstdFrames(InputStream in, long maxFrames) {
    this.in = in;
    this.maxFrames = maxFrames;
  }

  /**
   * Starts the next run after the end of this one; returns false at the end of the data.
   *
   * @throws IOException if the data is not a frame, or exceeds a limit
   */
  boolean nextRun() throws IOException {
    if (!ofNextRun) {
      throw new IllegalStateException("the run is not at its end");
    }
    while (headerEnd == 0) {
      if (!readFrameHeader()) {
        return false;
      }
    }
    large = hasLargeWindow;
    ofNextRun = false;
    return true;
  }

  /**
   * Returns whether this run is one frame whose window {@link
   * io.airlift.compress.zstd.ZstdInputStream} does not support.
   */
  boolean isLarge() {
    return large;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (headerAt == headerEnd && bodyLeft == 0) {
      if (ofNextRun || !readHeader()) {
        ofNextRun = true;
        return -1;
      }
    }
    if (ofNextRun) {
      return -1;
    }
    if (headerAt < headerEnd) {
      int count = Math.min(length, headerEnd - headerAt);
      System.arraycopy(header, headerAt, buffer, offset, count);
      headerAt += count;
      return count;
    }
    int count = in.read(buffer, offset, (int) Math.min(length, bodyLeft));
    if (count < 0) {
      throw new EOFException();
    }
    bodyLeft -= count;
    return count;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  /** Reads up to the next body. Returns false at the end of the data, between frames. */
  private boolean readHeader() throws IOException {
    headerAt = 0;
    headerEnd = 0;
    switch (next) {
      case FRAME -> {
        boolean more = readFrameHeader();
        // Each frame with a large window is a separate run, so that only one is in memory.
        ofNextRun = more && headerEnd > 0 && (large || hasLargeWindow);
        return more;
      }
      case BLOCK -> {
        fill(3);
        int block = little(0, 3);
        int size = block >> 3;
        if (size > MAX_BLOCK_BYTES) {
          throw new IOException(
              "a block is larger than the format allows: size=%d, limit=%d"
                  .formatted(size, MAX_BLOCK_BYTES));
        }
        // A run-length block has one byte, for any size in its header.
        bodyLeft = ((block >> 1) & 3) == RUN_LENGTH ? 1 : size;
        if ((block & 1) == 1) {
          next = hasChecksum ? Next.CHECKSUM : Next.FRAME;
        }
      }
      case CHECKSUM -> {
        bodyLeft = 4;
        next = Next.FRAME;
      }
    }
    return true;
  }

  /**
   * Reads up to the end of a frame's header. It skips all of a skippable frame and stores no
   * header.
   */
  private boolean readFrameHeader() throws IOException {
    int first = in.read();
    if (first < 0) {
      return false;
    }
    if (frames == maxFrames) {
      throw Decompression.PastLimitException.parts(maxFrames);
    }
    frames++;
    header[headerEnd++] = (byte) first;
    fill(3);
    int magic = little(0, 4);
    if ((magic & 0xFFFFFFF0) == SKIPPABLE_MAGIC) {
      fill(4);
      in.skipNBytes(little(4, 4) & 0xFFFFFFFFL);
      headerEnd = 0;
      return true;
    }
    if (magic != FRAME_MAGIC) {
      throw new IOException("something follows that is not zstd");
    }
    fill(1);
    int descriptor = header[4];
    boolean singleSegment = (descriptor & 0x20) != 0;
    int sizeFlag = (descriptor >> 6) & 3;
    int dictionaryFlag = descriptor & 3;
    int sizeBytes = sizeFlag == 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
    int dictionaryBytes = dictionaryFlag == 3 ? 4 : dictionaryFlag;
    fill((singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes);
    long window =
        singleSegment ? contentSize(5 + dictionaryBytes, sizeBytes) : windowSize(header[5]);
    if (Long.compareUnsigned(window, LARGEST_WINDOW_BYTES) > 0) {
      throw new Decompression.PastLimitException(
          "needs a larger window than is allowed: window=%s, limit=%d"
              .formatted(Long.toUnsignedString(window), LARGEST_WINDOW_BYTES));
    }
    hasLargeWindow = Long.compareUnsigned(window, MAX_WINDOW_BYTES) > 0;
    if (!singleSegment && hasLargeWindow) {
      // The decompressor for whole frames keeps all data, so a smaller window is enough for it.
      header[5] = WINDOW_OF_8_MIB;
    }
    hasChecksum = (descriptor & 4) != 0;
    next = Next.BLOCK;
    return true;
  }

  /** Returns the window size (section 3.1.1.1.2). */
  private static long windowSize(byte descriptor) {
    long base = 1L << (10 + ((descriptor & 0xFF) >> 3));
    return base + base / 8 * (descriptor & 7);
  }

  /** Returns the content size (section 3.1.1.1.4). */
  private long contentSize(int from, int count) {
    long size = 0;
    for (int i = 0; i < count; i++) {
      size |= (header[from + i] & 0xFFL) << (8 * i);
    }
    return count == 2 ? size + 256 : size;
  }

  private void fill(int count) throws IOException {
    if (in.readNBytes(header, headerEnd, count) < count) {
      throw new EOFException();
    }
    headerEnd += count;
  }

  private int little(int from, int count) {
    int number = 0;
    for (int i = 0; i < count; i++) {
      number |= (header[from + i] & 0xFF) << (8 * i);
    }
    return number;
  }
}

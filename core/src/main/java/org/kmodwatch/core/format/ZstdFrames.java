package org.kmodwatch.core.format;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Zstandard data, checked for what its headers claim before the decompressor makes room for it, and
 * without its skippable frames, which the decompressor does not know and which parallel and
 * seekable compressors write between and after the others. Walks the frames by their headers (RFC
 * 8878, section 3.1).
 *
 * <p>The decompressor looks at the window only where a block refers back to it. Otherwise it keeps
 * as much as the header claims, and copies all of it for each block.
 */
final class ZstdFrames extends InputStream {

  private static final int FRAME_MAGIC = 0xFD2FB528;
  private static final int SKIPPABLE_MAGIC = 0x184D2A50;
  static final int LARGEST_HEADER = 18;

  /** What the decompressor can do that keeps one window. */
  private static final long MAX_WINDOW_BYTES = 8L << 20;

  /** What {@code zstd} itself reads without being told to; {@code --ultra -22} writes it. */
  static final long LARGEST_WINDOW_BYTES = 128L << 20;

  /** Block_Maximum_Size (section 3.1.1.2.3). */
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
  private final long maxWindowBytes;
  private long frames;

  /** A header that was read to know what follows, and has still to be handed on. */
  private final byte[] header = new byte[LARGEST_HEADER];

  private int headerAt;
  private int headerEnd;

  /** How many bytes to hand on as they are before the next header. */
  private long bodyLeft;

  private boolean hasChecksum;
  private Next next = Next.FRAME;

  /**
   * Makes one.
   *
   * @param maxFrames how many frames there may be, skippable ones included
   */
  ZstdFrames(InputStream in, long maxFrames) {
    this(in, maxFrames, MAX_WINDOW_BYTES);
  }

  /**
   * Makes one.
   *
   * @param maxFrames how many frames there may be, skippable ones included
   * @param maxWindowBytes how large the windows may be
   */
  ZstdFrames(InputStream in, long maxFrames, long maxWindowBytes) {
    this.in = in;
    this.maxFrames = maxFrames;
    this.maxWindowBytes = maxWindowBytes;
  }

  /**
   * Whether the frame that {@code head} begins with has a window that {@link
   * io.airlift.compress.zstd.ZstdInputStream} does not take. False if that cannot be told.
   *
   * @param head the first bytes of the data, {@value #LARGEST_HEADER} if there are as many
   */
  static boolean hasLargeWindow(byte[] head) {
    try {
      var frame = new ZstdFrames(new ByteArrayInputStream(head), 1);
      frame.readFrameHeader();
      return false;
    } catch (LargeWindowException e) {
      return true;
    } catch (IOException notTold) {
      return false;
    }
  }

  private static final class LargeWindowException extends Compression.PastLimitException {
    private static final long serialVersionUID = 1L;

    LargeWindowException(String message) {
      super(message);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (headerAt == headerEnd && bodyLeft == 0) {
      if (!readHeader()) {
        return -1;
      }
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

  /** Reads up to the next body; false at the end, which is between frames. */
  private boolean readHeader() throws IOException {
    headerAt = 0;
    headerEnd = 0;
    switch (next) {
      case FRAME -> {
        return readFrameHeader();
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
        // A run-length block has one byte, whatever size it says.
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

  private boolean readFrameHeader() throws IOException {
    int first = in.read();
    if (first < 0) {
      return false;
    }
    if (frames == maxFrames) {
      throw Compression.PastLimitException.parts(maxFrames);
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
    requireSmallWindow(window);
    if (!singleSegment && Long.compareUnsigned(window, MAX_WINDOW_BYTES) > 0) {
      // The decompressor that keeps everything asks for one that it could keep.
      header[5] = WINDOW_OF_8_MIB;
    }
    hasChecksum = (descriptor & 4) != 0;
    next = Next.BLOCK;
    return true;
  }

  /** Section 3.1.1.1.2. */
  private static long windowSize(byte descriptor) {
    long base = 1L << (10 + ((descriptor & 0xFF) >> 3));
    return base + base / 8 * (descriptor & 7);
  }

  /** Section 3.1.1.1.4. */
  private long contentSize(int from, int count) {
    long size = 0;
    for (int i = 0; i < count; i++) {
      size |= (header[from + i] & 0xFFL) << (8 * i);
    }
    return count == 2 ? size + 256 : size;
  }

  private void requireSmallWindow(long size) throws IOException {
    if (Long.compareUnsigned(size, maxWindowBytes) > 0) {
      throw new LargeWindowException(
          "needs a larger window than is allowed: window=%s, limit=%d"
              .formatted(Long.toUnsignedString(size), maxWindowBytes));
    }
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

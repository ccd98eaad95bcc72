package org.kmodwatch.core.format;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Zstandard data without its skippable frames, which the decompressor does not know and which
 * parallel and seekable compressors write between and after the others. Walks the frames by their
 * headers (RFC 8878, section 3.1).
 */
final class ZstdFrames extends InputStream {

  private static final int FRAME_MAGIC = 0xFD2FB528;
  private static final int SKIPPABLE_MAGIC = 0x184D2A50;
  private static final int LARGEST_HEADER = 18;

  private enum Next {
    FRAME,
    BLOCK,
    CHECKSUM
  }

  private final InputStream in;

  /** A header that was read to know what follows, and has still to be handed on. */
  private final byte[] header = new byte[LARGEST_HEADER];

  private int headerAt;
  private int headerEnd;

  /** How many bytes to hand on as they are before the next header. */
  private long bodyLeft;

  private boolean hasChecksum;
  private Next next = Next.FRAME;

  ZstdFrames(InputStream in) {
    this.in = in;
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
        int type = (block >> 1) & 3;
        // A run-length block has one byte, whatever size it says.
        bodyLeft = type == 1 ? 1 : block >> 3;
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
    hasChecksum = (descriptor & 4) != 0;
    next = Next.BLOCK;
    return true;
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

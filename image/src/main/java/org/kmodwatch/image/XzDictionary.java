package org.kmodwatch.image;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import org.kmodwatch.core.scan.BulkInputStream;

/**
 * Reads one xz stream and limits the sizes of its dictionaries (the .xz file format, sections 2 and
 * 3; LZMA2's chunks as in its reference implementation). {@code xz -9} claims 64 MiB for data of
 * any size, and a decoder allocates the claimed size. A smaller dictionary changes nothing unless
 * the data refers back beyond it. The decoder then reports damaged data.
 *
 * <p>Data that does not follow the format passes unchanged, and the decoder reports the error.
 */
final class XzDictionary extends BulkInputStream {

  private static final int STREAM_HEADER_BYTES = 12;
  private static final int CHECK_AT = 7;
  private static final int LZMA2 = 0x21;
  private static final int LARGEST_CODE = 40;

  /**
   * The code for 128 MiB, twice the claim of {@code xz -9}. A larger claim passes to the decoder
   * unchanged.
   */
  private static final int LARGEST_READ = 30;

  private static final int CRC_BYTES = 4;

  /**
   * The number of bytes that a check has, by its kind. Three kinds share each number (section
   * 2.1.1.2).
   */
  private static final int[] CHECK_BYTES = {4, 8, 16, 32, 64};

  private enum Next {
    STREAM_HEADER,
    BLOCK,
    CHUNK,
    BLOCK_END,
    REST
  }

  private final InputStream in;
  private final int largestCode;
  private Next next = Next.STREAM_HEADER;
  private byte[] head = {};
  private int headAt;
  private long bodyLeft;
  private long compressedBytes;
  private int checkBytes;
  private boolean reduced;

  /**
   * Creates a stream with limited dictionaries.
   *
   * @param in the stream; no byte after its end is read
   * @param roomBytes the largest size of a dictionary, in bytes
   */
  XzDictionary(InputStream in, long roomBytes) {
    this.in = in;
    int code = 0;
    while (code < LARGEST_CODE - 1 && size(code + 1) <= roomBytes) {
      code++;
    }
    this.largestCode = code;
  }

  /** Returns whether a dictionary has been reduced so far. */
  boolean isReduced() {
    return reduced;
  }

  private static long size(int code) {
    return (2L | (code & 1)) << (code / 2 + 11);
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (headAt == head.length && bodyLeft == 0) {
      if (next == Next.REST) {
        return in.read(buffer, offset, length);
      }
      advance();
    }
    if (headAt < head.length) {
      int count = Math.min(length, head.length - headAt);
      System.arraycopy(head, headAt, buffer, offset, count);
      headAt += count;
      return count;
    }
    int count = in.read(buffer, offset, (int) Math.min(length, bodyLeft));
    if (count > 0) {
      bodyLeft -= count;
    }
    return count;
  }

  /** Reads the next header, and finds the number of bytes between it and the following header. */
  private void advance() throws IOException {
    switch (next) {
      case STREAM_HEADER -> {
        header(STREAM_HEADER_BYTES);
        int check = head[CHECK_AT] & 0xf;
        checkBytes = check == 0 ? 0 : CHECK_BYTES[(check - 1) / 3];
        next = Next.BLOCK;
      }
      case BLOCK -> {
        header(1);
        int size = head[0] & 0xff;
        if (size == 0) {
          next = Next.REST;
        } else {
          blockHeader((size + 1) * 4);
          compressedBytes = 0;
        }
      }
      case CHUNK -> chunk();
      case BLOCK_END -> {
        head = new byte[0];
        headAt = 0;
        bodyLeft = -compressedBytes & 3;
        bodyLeft += checkBytes;
        next = Next.BLOCK;
      }
      case REST -> throw new AssertionError("nothing to advance to");
    }
  }

  private void header(int size) throws IOException {
    byte[] read = in.readNBytes(size);
    if (read.length < size) {
      throw new EOFException();
    }
    head = read;
    headAt = 0;
  }

  private void blockHeader(int size) throws IOException {
    byte[] first = head;
    header(size - 1);
    ByteBuffer whole = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    whole.put(first).put(head).flip();
    head = whole.array();
    int crcAt = size - CRC_BYTES;
    next = Next.REST;
    if (whole.getInt(crcAt) != crc(head, crcAt)) {
      return;
    }
    int dictionaryAt = dictionaryAt(whole.limit(crcAt));
    if (dictionaryAt < 0) {
      return;
    }
    if (head[dictionaryAt] > largestCode && head[dictionaryAt] <= LARGEST_READ) {
      reduced = true;
      head[dictionaryAt] = (byte) largestCode;
      whole.limit(size).putInt(crcAt, crc(head, crcAt));
    }
    next = Next.CHUNK;
  }

  private static int crc(byte[] bytes, int length) {
    var crc = new CRC32();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  /** Returns where the size of LZMA2's dictionary is; -1 if the last filter is not LZMA2. */
  private static int dictionaryAt(ByteBuffer header) {
    header.position(1);
    int flags = header.get();
    for (int field = 0x40; field <= 0x80; field <<= 1) {
      if ((flags & field) != 0) {
        number(header);
      }
    }
    int at = -1;
    for (int filter = 0; filter <= (flags & 3); filter++) {
      long id = number(header);
      long length = number(header);
      at = id == LZMA2 && length == 1 ? header.position() : -1;
      if (length < 0 || length > header.remaining()) {
        return -1;
      }
      header.position(header.position() + (int) length);
    }
    return at >= header.limit() ? -1 : at;
  }

  /** Returns a number of variable length (section 1.2); -1 if the bytes have no such number. */
  private static long number(ByteBuffer bytes) {
    long number = 0;
    for (int shift = 0; shift < 63 && bytes.hasRemaining(); shift += 7) {
      int next = bytes.get();
      number |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return number;
      }
    }
    return -1;
  }

  private void chunk() throws IOException {
    header(1);
    int control = head[0] & 0xff;
    compressedBytes++;
    if (control == 0) {
      next = Next.BLOCK_END;
      return;
    }
    boolean plain = control < 0x80;
    if (plain && control > 2) {
      next = Next.REST;
      return;
    }
    // The decompressed size, then for compressed chunks the compressed size and properties.
    int more = plain ? 2 : control >= 0xc0 ? 5 : 4;
    byte[] first = head;
    header(more);
    ByteBuffer whole = ByteBuffer.allocate(1 + more);
    whole.put(first).put(head);
    head = whole.array();
    bodyLeft = (whole.getShort(plain ? 1 : 3) & 0xffff) + 1L;
    compressedBytes += more + bodyLeft;
  }
}

package org.kmodwatch.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Bytes whose offsets and lengths may be false. Every access names the data that it reads, and
 * throws {@link ModuleImageException} if the data is outside.
 */
final class HostileBytes {

  private final ByteBuffer bytes;

  /** The offset that these bytes have in the module. */
  private final long base;

  HostileBytes(ByteBuffer bytes, ByteOrder order) {
    this(bytes, order, 0);
  }

  private HostileBytes(ByteBuffer bytes, ByteOrder order, long base) {
    this.bytes = bytes.slice().order(order);
    this.base = base;
  }

  int size() {
    return bytes.limit();
  }

  int u8(long offset, String what) {
    return bytes.get(check(offset, 1, what)) & 0xff;
  }

  int u16(long offset, String what) {
    return bytes.getShort(check(offset, 2, what)) & 0xffff;
  }

  long u32(long offset, String what) {
    return bytes.getInt(check(offset, 4, what)) & 0xffff_ffffL;
  }

  /**
   * Returns a signed number. A value of 2^63 or more is negative, and therefore outside any range.
   */
  long u64(long offset, String what) {
    return bytes.getLong(check(offset, 8, what));
  }

  /** Returns a part of these bytes, in the same byte order. */
  HostileBytes slice(long offset, long length, String what) {
    int start = check(offset, length, what);
    return new HostileBytes(bytes.slice(start, (int) length), bytes.order(), base + start);
  }

  ByteBuffer buffer() {
    return bytes.asReadOnlyBuffer();
  }

  byte[] copy() {
    var copy = new byte[bytes.limit()];
    bytes.get(0, copy);
    return copy;
  }

  /** Returns the offset of the next NUL from {@code offset}; the end without a NUL. */
  int endOfString(int offset) {
    int end = offset;
    while (end < bytes.limit() && bytes.get(end) != 0) {
      end++;
    }
    return end;
  }

  /** Returns UTF-8 text. Invalid bytes are replaced. */
  String text(int start, int end) {
    var text = new byte[end - start];
    bytes.get(start, text);
    return new String(text, StandardCharsets.UTF_8);
  }

  /**
   * Returns a string that ends with NUL.
   *
   * @param maxBytes the longest allowed length, in bytes
   */
  String string(long offset, int maxBytes, String what) {
    int start = check(offset, 1, what);
    int end = start;
    while (end < bytes.limit() && bytes.get(end) != 0) {
      if (end - start >= maxBytes) {
        throw wrong("longer than is allowed: %s, limit=%d".formatted(what, maxBytes), offset);
      }
      end++;
    }
    if (end == bytes.limit()) {
      throw wrong("without an end: " + what, offset);
    }
    return text(start, end);
  }

  /** Returns the exception for an error at {@code offset} of these bytes. */
  ModuleImageException wrong(String what, long offset) {
    return new ModuleImageException(what, base + offset);
  }

  private int check(long offset, long length, String what) {
    if (offset < 0 || length < 0 || offset > bytes.limit() || length > bytes.limit() - offset) {
      throw wrong(
          "past the end: %s, length=%s, size=%d"
              .formatted(what, Long.toUnsignedString(length), bytes.limit()),
          offset);
    }
    return (int) offset;
  }
}

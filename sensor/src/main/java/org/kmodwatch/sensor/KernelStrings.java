package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Decodes the kernel's strings, which are bytes. Valid UTF-8 is decoded. Each byte that is not part
 * of UTF-8 becomes {@code \xNN}, so that nothing is lost. So two different names also differ on
 * screen and in a file.
 */
final class KernelStrings {

  private KernelStrings() {}

  /** Returns the string of {@code length} bytes at {@code offset}. */
  static String decode(ByteBuffer buffer, int offset, int length) {
    return decode(bytes(buffer, offset, length));
  }

  /** Returns the NUL-terminated string in the {@code size} bytes at {@code offset}. */
  static String decodeTerminated(ByteBuffer buffer, int offset, int size) {
    byte[] bytes = bytes(buffer, offset, size);
    return decode(bytes, 0, endOf(bytes, 0));
  }

  static String decode(byte[] bytes) {
    return decode(bytes, 0, bytes.length);
  }

  /**
   * Returns the strings that follow each other, each ended by a NUL. The last NUL may be missing.
   */
  static List<String> decodeList(ByteBuffer buffer, int offset, int length) {
    byte[] bytes = bytes(buffer, offset, length);
    List<String> parts = new ArrayList<>();
    for (int start = 0; start < length; ) {
      int end = endOf(bytes, start);
      parts.add(decode(bytes, start, end));
      start = end + 1;
    }
    return parts;
  }

  /** Returns the path whose parts, each ended by a NUL, are stored from the file up to the root. */
  static String decodePath(
      ByteBuffer buffer, int offset, int length, boolean cut, boolean deleted) {
    byte[] parts = bytes(buffer, offset, length);
    var path = new byte[1 + length];
    int used = 0;
    path[used++] = '/';
    int end = length > 0 && parts[length - 1] == 0 ? length - 1 : length;
    while (end >= 0) {
      int start = end;
      while (start > 0 && parts[start - 1] != 0) {
        start--;
      }
      System.arraycopy(parts, start, path, used, end - start);
      used += end - start;
      if (start > 0) {
        path[used++] = '/';
      }
      end = start - 1;
    }
    // A name is whole between two slashes, so the bytes of all can be decoded at once.
    String text = decode(path, 0, used);
    return (cut ? "…" + text : text) + (deleted ? " (deleted)" : "");
  }

  /** Decodes bytes. The ASCII case is fast: each event has a dozen strings, nearly all ASCII. */
  private static String decode(byte[] bytes, int start, int end) {
    for (int i = start; i < end; i++) {
      if (bytes[i] < 0) {
        return decodeUtf8(bytes, start, end);
      }
    }
    return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
  }

  private static String decodeUtf8(byte[] bytes, int start, int end) {
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes, start, end - start);
    CharBuffer out = CharBuffer.allocate(end - start);
    var result = new StringBuilder(end - start);
    while (true) {
      CoderResult outcome = decoder.decode(in, out, true);
      result.append(out.flip());
      out.clear();
      if (!outcome.isError()) {
        return result.toString();
      }
      for (int i = 0; i < outcome.length(); i++) {
        result.append("\\x").append(HexFormat.of().toHexDigits(in.get()));
      }
    }
  }

  /** Copies all bytes at once: a read of each byte in the ring costs more than the copy. */
  private static byte[] bytes(ByteBuffer buffer, int offset, int length) {
    var bytes = new byte[length];
    buffer.get(offset, bytes);
    return bytes;
  }

  /**
   * Returns the position of the NUL of the string that begins at {@code start}, or the end of all.
   */
  private static int endOf(byte[] bytes, int start) {
    int end = start;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return end;
  }
}

package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's strings are bytes. Those that are UTF-8 become what they spell; any byte that is not
 * part of UTF-8 becomes {@code \xNN}, so that nothing is lost and two different names stay
 * different on screen and in a file.
 */
final class KernelStrings {

  private KernelStrings() {}

  /** The string of {@code length} bytes at {@code offset}. */
  static String decode(ByteBuffer buffer, int offset, int length) {
    var bytes = new byte[length];
    buffer.get(offset, bytes);
    return decode(bytes);
  }

  /** The NUL-terminated string in the {@code size} bytes at {@code offset}. */
  static String decodeTerminated(ByteBuffer buffer, int offset, int size) {
    int length = 0;
    while (length < size && buffer.get(offset + length) != 0) {
      length++;
    }
    return decode(buffer, offset, length);
  }

  static String decode(byte[] bytes) {
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    var result = new StringBuilder(bytes.length);
    while (true) {
      CoderResult outcome = decoder.decode(in, out, true);
      result.append(out.flip());
      out.clear();
      if (!outcome.isError()) {
        return result.toString();
      }
      for (int i = 0; i < outcome.length(); i++) {
        result.append("\\x%02x".formatted(in.get()));
      }
    }
  }

  /** The strings that stand one after the other, each ended by a NUL; the last may lack it. */
  static List<String> decodeList(ByteBuffer buffer, int offset, int length) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < length; i++) {
      if (buffer.get(offset + i) == 0) {
        parts.add(decode(buffer, offset + start, i - start));
        start = i + 1;
      }
    }
    if (start < length) {
      parts.add(decode(buffer, offset + start, length - start));
    }
    return parts;
  }

  /** The path whose parts, each ended by a NUL, stand from the file up to the root. */
  static String decodePath(
      ByteBuffer buffer, int offset, int length, boolean cut, boolean deleted) {
    List<String> parts = decodeList(buffer, offset, length);
    var path = new StringBuilder(cut ? "…/" : "/");
    for (int i = parts.size() - 1; i >= 0; i--) {
      path.append(parts.get(i)).append(i > 0 ? "/" : "");
    }
    return path.append(deleted ? " (deleted)" : "").toString();
  }
}

package org.kmodwatch.core.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Converts between bytes and UTF-8 text without loss. A name in the kernel is bytes, not text, and
 * such a file name must not lose the line. A byte 0xNN that is not valid UTF-8 becomes the unpaired
 * surrogate U+DCNN (as in Python's surrogateescape). An unpaired surrogate is written as its JSON
 * escape, which any JSON reader accepts.
 */
public final class Utf8 {

  private Utf8() {}

  /** Decodes {@code length} bytes of {@code bytes}, beginning at {@code start}. */
  public static CharBuffer decode(byte[] bytes, int start, int length) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes, start, length);
    // A byte never becomes more than one char.
    CharBuffer out = CharBuffer.allocate(length);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (0xDC00 | (in.get() & 0xFF)));
      }
      decoder.reset();
    }
  }

  /**
   * Replaces JSON escapes of surrogates by the surrogates, because Jackson refuses an escape of an
   * unpaired one in a key. Surrogates have no meaning in JSON, so the meaning of the text stays the
   * same.
   *
   * @param text changed by this method; it must have an array
   * @return {@code text}, shorter if it had escapes
   */
  public static CharBuffer unescapeSurrogates(CharBuffer text) {
    char[] chars = text.array();
    int end = text.limit();
    int to = text.position();
    for (int from = to; from < end; to++) {
      char c = chars[from];
      if (c == '\\' && from + 1 < end) {
        int escaped = surrogateAt(chars, from, end);
        if (escaped >= 0) {
          chars[to] = (char) escaped;
          from += 6;
          continue;
        }
        // Copy both characters, so that an escaped backslash does not begin an escape.
        chars[to++] = c;
        c = chars[++from];
      }
      chars[to] = c;
      from++;
    }
    return text.limit(to);
  }

  /** Returns the surrogate whose escape begins at {@code from}; -1 if no escape begins there. */
  private static int surrogateAt(char[] chars, int from, int end) {
    if (from + 6 > end || chars[from + 1] != 'u') {
      return -1;
    }
    int unit = 0;
    for (int i = from + 2; i < from + 6; i++) {
      int digit = chars[i] < 0x80 ? Character.digit(chars[i], 16) : -1;
      if (digit < 0) {
        return -1;
      }
      unit = unit << 4 | digit;
    }
    return Character.isSurrogate((char) unit) ? unit : -1;
  }
}

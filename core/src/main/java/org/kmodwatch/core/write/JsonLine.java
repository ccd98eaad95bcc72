package org.kmodwatch.core.write;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.text.Unseen;
import org.kmodwatch.core.text.Utf8;

/**
 * Builds lines of JSON in UTF-8 directly as bytes, one after the other. Every event and every
 * record in the output passes through it. The caller writes names and values in the order of a JSON
 * writer's calls, and must keep that order valid.
 *
 * <p>An unpaired surrogate, which stands for a byte that was not UTF-8 ({@link Utf8}), is written
 * as its escape. Not thread-safe.
 */
final class JsonLine {

  private static final String HEX = "0123456789abcdef";
  private static final int LONGEST_ESCAPE = 6;
  private static final int LONGEST_NUMBER = 20;
  private static final char DELETE = 0x7f;

  /** The buffer size for ordinary lines. A longer line's buffer is not kept. */
  private static final int ORDINARY_BYTES = 16 << 10;

  /**
   * The size of the name cache. It is a power of two, and large enough for all names in events and
   * records.
   */
  private static final int KNOWN_NAMES = 512;

  private static final byte[] TRUE = "true".getBytes(US_ASCII);
  private static final byte[] FALSE = "false".getBytes(US_ASCII);
  private static final byte[] NULL = "null".getBytes(US_ASCII);
  private static final byte[] LEAST = Long.toString(Long.MIN_VALUE).getBytes(US_ASCII);

  /** Whether an ASCII character needs no escape in a string. */
  private static final boolean[] PLAIN = plain();

  private byte[] bytes = new byte[1 << 11];
  private int length;
  private boolean comma;

  /**
   * A cache that holds the names and their JSON, by hash. Names occur again and again as identical
   * string objects.
   */
  private final @Nullable String[] names = new @Nullable String[KNOWN_NAMES];

  private final byte[][] namesWritten = new byte[KNOWN_NAMES][];

  /** Creates an empty line. */
  JsonLine() {}

  /** Clears the line, to begin the next one. */
  void clear() {
    if (bytes.length > ORDINARY_BYTES) {
      bytes = new byte[ORDINARY_BYTES];
    }
    length = 0;
    comma = false;
  }

  /** Ends the line with a newline. */
  void end() {
    room(1);
    put('\n');
  }

  /** Returns the bytes written so far. */
  byte[] toBytes() {
    return Arrays.copyOf(bytes, length);
  }

  /** Writes the bytes to {@code out}, in one call. */
  void writeTo(OutputStream out) throws IOException {
    out.write(bytes, 0, length);
  }

  void writeStartObject() {
    start('{');
  }

  void writeEndObject() {
    end('}');
  }

  void writeStartArray() {
    start('[');
  }

  void writeEndArray() {
    end(']');
  }

  @SuppressWarnings("ReferenceEquality") // avoids a comparison of the characters
  void writeName(String name) {
    separate();
    int slot = name.hashCode() & (KNOWN_NAMES - 1);
    if (names[slot] == name) {
      put(namesWritten[slot]);
    } else {
      int start = length;
      quote(name);
      room(1);
      put(':');
      names[slot] = name;
      namesWritten[slot] = Arrays.copyOfRange(bytes, start, length);
    }
    comma = false;
  }

  void writeString(String text) {
    separate();
    quote(text);
    comma = true;
  }

  /** Writes a number that is already JSON. */
  void writeNumber(String number) {
    separate();
    int digits = number.length();
    room(digits);
    for (int i = 0; i < digits; i++) {
      bytes[length + i] = (byte) number.charAt(i);
    }
    length += digits;
    comma = true;
  }

  void writeNumber(long number) {
    if (number == Long.MIN_VALUE) {
      writeRaw(LEAST);
      return;
    }
    separate();
    room(LONGEST_NUMBER);
    if (number < 0) {
      put('-');
    }
    digits(Math.abs(number));
    comma = true;
  }

  private void digits(long number) {
    int count = 1;
    for (long rest = number; rest > 9; rest /= 10) {
      count++;
    }
    long rest = number;
    for (int at = length + count - 1; at >= length; at--) {
      bytes[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += count;
  }

  void writeBoolean(boolean truth) {
    writeRaw(truth ? TRUE : FALSE);
  }

  void writeNull() {
    writeRaw(NULL);
  }

  /** Writes a value that is already JSON. */
  void writeRaw(byte[] value) {
    separate();
    put(value);
    comma = true;
  }

  void writeStringProperty(String name, String text) {
    writeName(name);
    writeString(text);
  }

  void writeNumberProperty(String name, long number) {
    writeName(name);
    writeNumber(number);
  }

  void writeBooleanProperty(String name, boolean truth) {
    writeName(name);
    writeBoolean(truth);
  }

  private void start(char bracket) {
    separate();
    room(1);
    put(bracket);
    comma = false;
  }

  private void end(char bracket) {
    room(1);
    put(bracket);
    comma = true;
  }

  private void separate() {
    if (comma) {
      room(1);
      put(',');
    }
  }

  private void quote(String text) {
    int chars = text.length();
    room(chars + 2);
    byte[] to = bytes;
    int at = length;
    to[at++] = '"';
    int i = 0;
    while (i < chars) {
      char c = text.charAt(i);
      if (c >= PLAIN.length || !PLAIN[c]) {
        break;
      }
      to[at++] = (byte) c;
      i++;
    }
    length = at;
    if (i < chars) {
      quoteUnusual(text, i);
    }
    put('"');
  }

  /** Writes the rest of a string, from the first character that needs an escape or is not ASCII. */
  private void quoteUnusual(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      room(2 * LONGEST_ESCAPE + text.length() - i + 1);
      char c = text.charAt(i);
      if (c < 0x80) {
        ascii(c);
      } else if (Unseen.is(c)) {
        escape(c);
      } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(tail(c));
      } else if (!Character.isSurrogate(c)) {
        put(0xE0 | (c >> 12));
        put(tail(c >> 6));
        put(tail(c));
      } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
        int point = Character.toCodePoint(c, text.charAt(++i));
        if (Unseen.is(point)) {
          escape(c);
          escape(text.charAt(i));
          continue;
        }
        put(0xF0 | (point >> 18));
        put(tail(point >> 12));
        put(tail(point >> 6));
        put(tail(point));
      } else {
        escape(c);
      }
    }
  }

  private void ascii(char c) {
    switch (c) {
      case '"', '\\' -> escapeTo(c);
      case '\b' -> escapeTo('b');
      case '\t' -> escapeTo('t');
      case '\n' -> escapeTo('n');
      case '\f' -> escapeTo('f');
      case '\r' -> escapeTo('r');
      default -> {
        if (c < ' ' || c == DELETE) {
          escape(c);
        } else {
          put(c);
        }
      }
    }
  }

  private void escapeTo(char letter) {
    put('\\');
    put(letter);
  }

  private void escape(char c) {
    escapeTo('u');
    for (int shift = 12; shift >= 0; shift -= 4) {
      put(HEX.charAt((c >> shift) & 0xF));
    }
  }

  private static int tail(int bits) {
    return 0x80 | (bits & 0x3F);
  }

  private void put(byte[] more) {
    room(more.length);
    System.arraycopy(more, 0, bytes, length, more.length);
    length += more.length;
  }

  private void put(int b) {
    bytes[length++] = (byte) b;
  }

  private void room(int more) {
    // One more byte, so that a closing quote always fits.
    if (bytes.length - length <= more) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more + 1));
    }
  }

  private static boolean[] plain() {
    var plain = new boolean[0x80];
    Arrays.fill(plain, ' ', plain.length, true);
    plain['"'] = false;
    plain[DELETE] = false;
    plain['\\'] = false;
    return plain;
  }
}

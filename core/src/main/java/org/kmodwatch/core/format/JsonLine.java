package org.kmodwatch.core.format;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Puts together one line of JSON in UTF-8, straight into bytes: every event and every record that
 * goes out passes here. Names and values come in the order of a JSON writer's calls; that they are
 * in a sound order is the caller's business.
 *
 * <p>An unpaired surrogate, which stands for a byte that was no UTF-8 ({@link Utf8}), is written as
 * its escape.
 */
final class JsonLine {

  private static final String HEX = "0123456789abcdef";
  private static final int LONGEST_ESCAPE = 6;

  /** Whether an ASCII character stands for itself in a string. */
  private static final boolean[] PLAIN = plain();

  private byte[] bytes = new byte[1 << 11];
  private int length;
  private boolean comma;

  private JsonLine() {}

  /** The bytes of the line that {@code content} writes, with a newline at its end. */
  static byte[] of(Consumer<JsonLine> content) {
    var line = new JsonLine();
    content.accept(line);
    line.room(1);
    line.put('\n');
    return Arrays.copyOf(line.bytes, line.length);
  }

  /** The bytes of the value that {@code content} writes, for {@link #writeRaw}. */
  static byte[] value(Consumer<JsonLine> content) {
    var line = new JsonLine();
    content.accept(line);
    return Arrays.copyOf(line.bytes, line.length);
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

  void writeName(String name) {
    separate();
    quote(name);
    room(1);
    put(':');
    comma = false;
  }

  void writeString(String text) {
    separate();
    quote(text);
    comma = true;
  }

  /** Writes a number that is JSON already. */
  void writeNumber(String number) {
    literal(number);
  }

  void writeNumber(long number) {
    literal(Long.toString(number));
  }

  void writeBoolean(boolean truth) {
    literal(truth ? "true" : "false");
  }

  void writeNull() {
    literal("null");
  }

  /** Writes a value that is JSON already. */
  void writeRaw(byte[] value) {
    separate();
    room(value.length);
    System.arraycopy(value, 0, bytes, length, value.length);
    length += value.length;
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

  private void literal(String ascii) {
    writeRaw(ascii.getBytes(ISO_8859_1));
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

  /** The rest of a string, from the first character on that does not stand for itself. */
  private void quoteUnusual(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      room(LONGEST_ESCAPE + text.length() - i + 1);
      char c = text.charAt(i);
      if (c < 0x80) {
        ascii(c);
      } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(tail(c));
      } else if (!Character.isSurrogate(c)) {
        put(0xE0 | (c >> 12));
        put(tail(c >> 6));
        put(tail(c));
      } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
        int point = Character.toCodePoint(c, text.charAt(++i));
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
        if (c < ' ') {
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

  private void put(int b) {
    bytes[length++] = (byte) b;
  }

  private void room(int more) {
    // One more, so that a closing quote needs none of its own.
    if (bytes.length - length <= more) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more + 1));
    }
  }

  private static boolean[] plain() {
    var plain = new boolean[0x80];
    Arrays.fill(plain, ' ', plain.length, true);
    plain['"'] = false;
    plain['\\'] = false;
    return plain;
  }
}

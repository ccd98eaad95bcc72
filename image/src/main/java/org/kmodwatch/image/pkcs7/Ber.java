package org.kmodwatch.image.pkcs7;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads BER by the rules of the kernel's decoder (asn1_ber_decoder in lib/asn1_decoder.c), also
 * where they differ from the standard. Lengths have at most two bytes. A string is never in parts.
 * An element that must be constructed may be marked as primitive. Bytes after the outermost element
 * are ignored.
 *
 * <p>A caller asks for the expected elements, in order. Each method throws if it finds another one.
 */
final class Ber {

  static final int BOOLEAN = 0x01;
  static final int INTEGER = 0x02;
  static final int BIT_STRING = 0x03;
  static final int OCTET_STRING = 0x04;
  static final int OBJECT_IDENTIFIER = 0x06;
  static final int UTC_TIME = 0x17;
  static final int GENERALIZED_TIME = 0x18;
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;

  /** The tag that {@code [0]} has. Add a number for another tag. */
  static final int TAGGED = 0x80;

  static final int CONSTRUCTED = 0x20;

  private static final int LONG_TAG = 0x1f;
  private static final int INDEFINITE = 0x80;

  /**
   * The largest number of length bytes that the kernel accepts. This class reads four, to give more
   * facts on refused data.
   */
  private static final int MAX_LENGTH_BYTES = 2;

  private static final int MAX_READ_LENGTH_BYTES = 4;

  private final byte[] bytes;
  private final @Nullable Consumer<Refusal> refusals;
  private final Deque<Frame> frames = new ArrayDeque<>();
  private int at;
  private int end;

  /** An open element: the begin of its contents, and the end of the element around it. */
  private record Frame(int start, int endAround, boolean indefinite) {}

  /**
   * Locates an element.
   *
   * @param tag tag of one byte
   * @param headerAt index of the tag
   * @param start index of the contents
   * @param length length of the contents; an indefinite length includes its end mark, unless the
   *     element was entered
   */
  record Element(int tag, int headerAt, int start, int length) {
    int end() {
      return start + length;
    }
  }

  /**
   * Creates a reader from {@code start} to {@code end}.
   *
   * @param refusals receives errors that the kernel refuses but that do not prevent reading; null
   *     to stop where the kernel stops
   */
  Ber(byte[] bytes, int start, int end, @Nullable Consumer<Refusal> refusals) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.refusals = refusals;
  }

  /** Creates a reader of {@code bytes} that stops where the kernel stops. */
  static Ber strict(byte[] bytes, int start, int end) {
    return new Ber(bytes, start, end, null);
  }

  byte[] contents(Element element) {
    return Arrays.copyOfRange(bytes, element.start(), element.end());
  }

  /** Returns the index of the next element. */
  int position() {
    return at;
  }

  /**
   * Returns whether the entered element has no data left. For an indefinite length this is never
   * true.
   */
  boolean isAtEnd() {
    return at == end;
  }

  /** Returns whether the next element has {@code tag}; false at the end. */
  boolean isNext(int tag) throws RefusedException {
    return !isAtEnd() && matches(tag, peek());
  }

  /** Returns the next element, which must have {@code tag}. */
  Element leaf(int tag, String what) throws RefusedException {
    expect(tag, what);
    return any(what);
  }

  /** Returns the next element, of any tag. */
  Element any(String what) throws RefusedException {
    int headerAt = at;
    int tag = peek();
    int length = header(what);
    int start = at;
    if (length < 0) {
      length = indefiniteLength(what);
    }
    at = start + length;
    return new Element(tag, headerAt, start, length);
  }

  /** Enters the next element, which must have {@code tag} and contains others. */
  void enter(int tag, String what) throws RefusedException {
    expect(tag, what);
    int length = header(what);
    frames.push(new Frame(at, end, length < 0));
    if (length >= 0) {
      end = at + length;
    }
  }

  /** Returns whether the entered element has one more element. */
  boolean more() throws RefusedException {
    if (!frames.getFirst().indefinite()) {
      return at < end;
    }
    need(2, "the end of an indefinite length");
    return bytes[at] != 0;
  }

  /** Leaves the entered element, which must be at its end. */
  Element leave(String what) throws RefusedException {
    Frame frame = frames.pop();
    int length = at - frame.start();
    if (frame.indefinite()) {
      need(2, what);
      if (bytes[at] != 0 || bytes[at + 1] != 0) {
        throw Refusal.malformed(what + " has an element too many, or no end").exception();
      }
      at += 2;
    } else if (at != end) {
      throw Refusal.malformed(what + " has an element too many").exception();
    }
    end = frame.endAround();
    return new Element(0, frame.start(), frame.start(), length);
  }

  private void expect(int tag, String what) throws RefusedException {
    int found = peek();
    if (!matches(tag, found)) {
      throw Refusal.malformed("tag 0x%02x in the place of %s".formatted(found, what)).exception();
    }
  }

  private static boolean matches(int expected, int tag) {
    return ((expected ^ tag) & ~(expected & CONSTRUCTED)) == 0;
  }

  private int peek() throws RefusedException {
    need(2, "an element");
    int tag = bytes[at] & 0xff;
    if ((tag & LONG_TAG) == LONG_TAG) {
      throw Refusal.malformed("a tag of more than one byte").exception();
    }
    return tag;
  }

  /** Reads a tag and a length; returns -1 for an indefinite length. */
  private int header(String what) throws RefusedException {
    int tag = bytes[at++] & 0xff;
    int length = bytes[at++] & 0xff;
    if (length == INDEFINITE) {
      if ((tag & CONSTRUCTED) == 0) {
        throw Refusal.malformed(what + " has an indefinite length").exception();
      }
      need(2, what);
      return -1;
    }
    if (length > INDEFINITE) {
      length = longLength(length & 0x7f, what);
    }
    need(length, what);
    return length;
  }

  private int longLength(int count, String what) throws RefusedException {
    if (count > MAX_LENGTH_BYTES) {
      Refusal tooLong =
          Refusal.malformed("%s has a length of %d bytes, not of 2".formatted(what, count));
      if (refusals == null || count > MAX_READ_LENGTH_BYTES) {
        throw tooLong.exception();
      }
      refusals.accept(tooLong);
    }
    need(count, what);
    long length = 0;
    for (int i = 0; i < count; i++) {
      length = (length << Byte.SIZE) | (bytes[at++] & 0xff);
    }
    if (length > end - at) {
      throw pastTheEnd(what);
    }
    return (int) length;
  }

  /** Returns the length of an indefinite element that is not entered, including its end mark. */
  private int indefiniteLength(String what) throws RefusedException {
    int start = at;
    int open = 1;
    while (open > 0) {
      need(2, what);
      int tag = bytes[at++] & 0xff;
      if (tag == 0) {
        if (bytes[at++] != 0) {
          throw Refusal.malformed(what + " has an end that is none").exception();
        }
        open--;
        continue;
      }
      if ((tag & LONG_TAG) == LONG_TAG) {
        do {
          need(2, what);
        } while ((bytes[at++] & 0x80) != 0);
      }
      int length = bytes[at++] & 0xff;
      if (length == INDEFINITE) {
        if ((tag & CONSTRUCTED) == 0) {
          throw Refusal.malformed("an indefinite length inside of " + what).exception();
        }
        open++;
        continue;
      }
      if (length > INDEFINITE) {
        int count = length & 0x7f;
        if (count > Long.BYTES - 1) {
          throw Refusal.malformed("a length of %d bytes inside of %s".formatted(count, what))
              .exception();
        }
        need(count, what);
        long read = 0;
        for (int i = 0; i < count; i++) {
          read = (read << Byte.SIZE) | (bytes[at++] & 0xff);
        }
        if (read > end - at) {
          throw pastTheEnd(what);
        }
        length = (int) read;
      }
      need(length, what);
      at += length;
    }
    return at - start;
  }

  private void need(int count, String what) throws RefusedException {
    if (count > end - at) {
      throw pastTheEnd(what);
    }
  }

  private static RefusedException pastTheEnd(String what) {
    return Refusal.malformed(what + " is cut short").exception();
  }
}

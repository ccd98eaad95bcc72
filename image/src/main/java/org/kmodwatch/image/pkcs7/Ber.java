package org.kmodwatch.image.pkcs7;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads BER by the rules of the kernel's decoder (asn1_ber_decoder in lib/asn1_decoder.c), where
 * they are its own: lengths have at most two bytes; a string is never in parts; what is to be
 * constructed may be marked as primitive; what stands behind the outermost element is not looked
 * at.
 *
 * <p>A caller asks for the elements that it expects, in order. Each method that finds another one
 * throws.
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

  /** {@code [0]}; add the number for another. */
  static final int TAGGED = 0x80;

  static final int CONSTRUCTED = 0x20;

  private static final int LONG_TAG = 0x1f;
  private static final int INDEFINITE = 0x80;

  /** The kernel takes two bytes of length; four are read, to say more of what it refuses. */
  private static final int MAX_LENGTH_BYTES = 2;

  private static final int MAX_READ_LENGTH_BYTES = 4;

  private final byte[] bytes;
  private final @Nullable Consumer<Refusal> refusals;
  private final Deque<Frame> frames = new ArrayDeque<>();
  private int at;
  private int end;

  /** What is open: where its contents begin, and how far what is around it goes. */
  private record Frame(int start, int endAround, boolean indefinite) {}

  /**
   * An element.
   *
   * @param tag of one byte
   * @param headerAt where its tag is
   * @param start of its contents
   * @param length of its contents; of indefinite ones with what ends them, unless they were entered
   */
  record Element(int tag, int headerAt, int start, int length) {
    int end() {
      return start + length;
    }
  }

  /**
   * Reads from {@code start} to {@code end}.
   *
   * @param refusals takes what the kernel refuses and can be read all the same; null to go no
   *     further than the kernel
   */
  Ber(byte[] bytes, int start, int end, @Nullable Consumer<Refusal> refusals) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.refusals = refusals;
  }

  /** Reads all of {@code bytes}, and goes no further than the kernel. */
  static Ber strict(byte[] bytes, int start, int end) {
    return new Ber(bytes, start, end, null);
  }

  byte[] contents(Element element) {
    return Arrays.copyOfRange(bytes, element.start(), element.end());
  }

  /** Where the next element begins. */
  int position() {
    return at;
  }

  /** Whether nothing is left of what was entered. Of an indefinite one this is never so. */
  boolean isAtEnd() {
    return at == end;
  }

  /** Whether the next element is of {@code tag}; false at the end. */
  boolean isNext(int tag) throws RefusedException {
    return !isAtEnd() && matches(tag, peek());
  }

  /** The next element, which is of {@code tag}. */
  Element leaf(int tag, String what) throws RefusedException {
    expect(tag, what);
    return any(what);
  }

  /** The next element, whatever it is. */
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

  /** Goes into the next element, which is of {@code tag} and has others inside. */
  void enter(int tag, String what) throws RefusedException {
    expect(tag, what);
    int length = header(what);
    frames.push(new Frame(at, end, length < 0));
    if (length >= 0) {
      end = at + length;
    }
  }

  /** Whether there is one more element in what was entered. */
  boolean more() throws RefusedException {
    if (!frames.getFirst().indefinite()) {
      return at < end;
    }
    need(2, "the end of an indefinite length");
    return bytes[at] != 0;
  }

  /** Leaves what was entered, which has to be at its end. */
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

  /** Reads a tag and a length; -1 if that is indefinite. */
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

  /** How long an indefinite one is that is not entered, with what ends it. */
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

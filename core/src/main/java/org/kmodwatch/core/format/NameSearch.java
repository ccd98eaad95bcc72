package org.kmodwatch.core.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Finds the lines of a block that can be events with certain names, at about the speed of memory.
 *
 * <p>An event's name is a string somewhere in its line. JSON gives that string in one of two ways:
 * letter by letter between quotes, or with at least one letter as an escape, a backslash and {@code
 * uXXXX}. So a line without any of the names between quotes, and without such an escape of a letter
 * that they have, is none of these events, whatever the order of its keys or the white space
 * between them. That there may be such a name somewhere else, in an argument, only costs time.
 *
 * <p>The search goes by three letters at a time ({@link Needle}) through copies of a piece of the
 * block, as it is, from its second, from its third and from its fifth byte on: so that the bytes of
 * one needle, or of one escape, stand at one index of several arrays, and the loops are those that
 * HotSpot makes vector instructions of. (It does not if one array is read at two indexes, if the
 * loop has more than about two needles, or over bytes; measured with JDK 25 on x86-64.) Eight bytes
 * are compared at a time: a byte of {@code x} is zero where {@code (x - 0x0101…) & ~x & 0x8080…}
 * has its high bit, and perhaps in bytes above that one, which is why a hit is looked at again.
 *
 * <p>The same pass counts the lines and sees whether each begins and ends like an object. Not
 * thread-safe.
 */
final class NameSearch {

  private static final int LONG_BYTES = Long.BYTES;

  /**
   * In longs. Small, since a piece with a hit is looked through long by long, and large enough for
   * the loops to be worth it.
   */
  private static final int PIECE = 256;

  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGH = 0x8080_8080_8080_8080L;
  private static final long LOW = ~HIGH;

  private final List<Needle> needles;

  /** Needles two by two: each byte of them eight times in a row, six numbers a pair. */
  private final long[][] pairs;

  /** The letters that the names have. */
  private final boolean[] letters = new boolean[128];

  private final long[] first = new long[PIECE];
  private final long[] second = new long[PIECE];
  private final long[] third = new long[PIECE];
  private final long[] fifth = new long[PIECE];

  /**
   * Which bits of an escape's third digit are looked at. It is from 4 to 7 for letters, and often 3
   * in what producers do escape: angle brackets and ampersands, which are in no name.
   */
  private final long digitMask;

  private long lines;
  private boolean regular;
  private int found;
  private int[] starts = new int[64];

  /** Searches for {@code names}, each of which {@link Needle#canFind}. */
  NameSearch(Set<String> names) {
    this.needles = Needle.of(names);
    var all = new ArrayList<long[]>();
    for (int i = 0; i < needles.size(); i += 2) {
      var pair = new long[2 * Needle.LENGTH];
      spread(needles.get(i).text(), pair, 0);
      spread(needles.get(Math.min(i + 1, needles.size() - 1)).text(), pair, Needle.LENGTH);
      all.add(pair);
    }
    this.pairs = all.toArray(long[][]::new);
    names.forEach(name -> name.chars().forEach(c -> letters[c] = true));
    boolean onlyLetters = names.stream().allMatch(name -> name.chars().allMatch(c -> c >= '@'));
    this.digitMask = onlyLetters ? ~(0x03 * ONES) : 0;
  }

  /** Searches {@code block}; the other methods then say what was found. */
  void search(Block block) {
    ByteBuffer bytes = block.bytes;
    pad(bytes, block.length);
    lines = bytes.get(0) == '\n' ? 1 : 0;
    regular = bytes.get(0) == '{';
    found = 0;
    LongBuffer asItIs = longs(bytes, 0);
    LongBuffer fromSecond = longs(bytes, 1);
    LongBuffer fromThird = longs(bytes, 2);
    LongBuffer fromFifth = longs(bytes, 4);
    int all = (block.length + LONG_BYTES - 1) / LONG_BYTES;
    for (int at = 0; at < all; at += PIECE) {
      int count = Math.min(PIECE, all - at);
      asItIs.get(at, first, 0, count);
      fromSecond.get(at, second, 0, count);
      fromThird.get(at, third, 0, count);
      fromFifth.get(at, fifth, 0, count);
      lines += newlines(second, count);
      regular &= irregular(first, second, third, count) == 0;
      searchPiece(block, at, count);
    }
    settle();
  }

  /** How many lines the block has. */
  long lines() {
    return lines;
  }

  /** Whether each line of the block begins with a brace and ends with one. */
  boolean isRegular() {
    return regular;
  }

  /** How many lines can be one of the events. */
  int found() {
    return found;
  }

  /** Where the line number {@code index} of those begins in the block. */
  int start(int index) {
    return starts[index];
  }

  /** After the last line: what makes its end look like the others', and then nothing. */
  private static void pad(ByteBuffer bytes, int length) {
    bytes.limit(bytes.capacity());
    bytes.put(length, (byte) '{');
    for (int i = length + 1; i < length + Block.PADDING_BYTES && i < bytes.capacity(); i++) {
      bytes.put(i, (byte) 0);
    }
  }

  private static LongBuffer longs(ByteBuffer bytes, int from) {
    return bytes.slice(from, bytes.capacity() - from).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
  }

  private static void spread(String text, long[] into, int from) {
    for (int i = 0; i < text.length(); i++) {
      into[from + i] = text.charAt(i) * ONES;
    }
  }

  private static long newlines(long[] bytes, int count) {
    long newlines = 0;
    for (int i = 0; i < count; i++) {
      long x = bytes[i] ^ '\n' * ONES;
      newlines += Long.bitCount(~(((x & LOW) + LOW) | x | LOW));
    }
    return newlines;
  }

  /** Not 0 if a newline does not stand between a closing and an opening brace. */
  private static long irregular(long[] a, long[] b, long[] c, int count) {
    long irregular = 0;
    for (int i = 0; i < count; i++) {
      long newline = b[i] ^ '\n' * ONES;
      long braces = (a[i] ^ '}' * ONES) | (c[i] ^ '{' * ONES);
      long isNewline = ~(((newline & LOW) + LOW) | newline | LOW);
      long isBraces = ~(((braces & LOW) + LOW) | braces | LOW);
      irregular |= isNewline & ~isBraces;
    }
    return irregular;
  }

  /** Not 0 if there is a backslash before a {@code u}, and a digit that may be a letter's. */
  private static long escapes(long[] a, long[] b, long[] digits, int count, long digitMask) {
    long hits = 0;
    for (int i = 0; i < count; i++) {
      hits |= escapes(a[i], b[i], digits[i], digitMask);
    }
    return hits & HIGH;
  }

  private static long escapes(long a, long b, long digit, long digitMask) {
    long x = (a ^ '\\' * ONES) | (b ^ 'u' * ONES) | ((digit ^ '4' * ONES) & digitMask);
    return (x - ONES) & ~x;
  }

  /** Not 0 if one of two needles is there. */
  private static long eitherOf(
      long[] a,
      long[] b,
      long[] c,
      int count,
      long p0,
      long p1,
      long p2,
      long q0,
      long q1,
      long q2) {
    long hits = 0;
    for (int i = 0; i < count; i++) {
      hits |= eitherOf(a[i], b[i], c[i], p0, p1, p2, q0, q1, q2);
    }
    return hits & HIGH;
  }

  private static long eitherOf(
      long a, long b, long c, long p0, long p1, long p2, long q0, long q1, long q2) {
    long p = (a ^ p0) | (b ^ p1) | (c ^ p2);
    long q = (a ^ q0) | (b ^ q1) | (c ^ q2);
    return ((p - ONES) & ~p) | ((q - ONES) & ~q);
  }

  private void searchPiece(Block block, int at, int count) {
    if (escapes(first, second, fifth, count, digitMask) != 0) {
      for (int i = 0; i < count; i++) {
        take(block, at + i, escapes(first[i], second[i], fifth[i], digitMask));
      }
    }
    for (long[] p : pairs) {
      if (eitherOf(first, second, third, count, p[0], p[1], p[2], p[3], p[4], p[5]) != 0) {
        for (int i = 0; i < count; i++) {
          take(
              block,
              at + i,
              eitherOf(first[i], second[i], third[i], p[0], p[1], p[2], p[3], p[4], p[5]));
        }
      }
    }
  }

  /** Takes the lines in which the hits among eight bytes are, if they are what they seem. */
  private void take(Block block, int at, long hits) {
    for (long left = hits & HIGH; left != 0; left &= left - 1) {
      int position = at * LONG_BYTES + Long.numberOfTrailingZeros(left) / LONG_BYTES;
      if (isHit(block.bytes, position)) {
        take(block, position);
      }
    }
  }

  private boolean isHit(ByteBuffer bytes, int position) {
    if (bytes.get(position) == '\\') {
      return isEscapedLetter(bytes, position);
    }
    for (Needle needle : needles) {
      // Most hits are other words with the same beginning, which what follows tells.
      if (needle.mayGoOn(
              bytes.get(position + Needle.LENGTH), bytes.get(position + Needle.LENGTH + 1))
          && stands(needle.text(), bytes, position)) {
        for (Needle.Place place : needle.places()) {
          if (stands(place.quoted(), bytes, position - place.offset())) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private boolean isEscapedLetter(ByteBuffer bytes, int position) {
    int letter = 0;
    for (int i = position + 2; i < position + 6; i++) {
      int digit = Character.digit(bytes.get(i), 16);
      if (digit < 0) {
        return false;
      }
      letter = letter << 4 | digit;
    }
    return letter < letters.length && letters[letter];
  }

  private static boolean stands(String text, ByteBuffer bytes, int at) {
    for (int i = 0; i < text.length(); i++) {
      if (bytes.get(at + i) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean stands(byte[] text, ByteBuffer bytes, int at) {
    if (at < 0 || at + text.length > bytes.capacity()) {
      return false;
    }
    for (int i = 0; i < text.length; i++) {
      if (bytes.get(at + i) != text[i]) {
        return false;
      }
    }
    return true;
  }

  private void take(Block block, int position) {
    int start = position;
    while (start > 0 && block.bytes.get(start - 1) != '\n') {
      start--;
    }
    if (found == starts.length) {
      starts = Arrays.copyOf(starts, 2 * found);
    }
    starts[found++] = start;
  }

  /** Puts the lines in order, each once: needles are searched one after the other. */
  private void settle() {
    Arrays.sort(starts, 0, found);
    int kept = 0;
    for (int i = 0; i < found; i++) {
      if (kept == 0 || starts[kept - 1] != starts[i]) {
        starts[kept++] = starts[i];
      }
    }
    found = kept;
  }
}

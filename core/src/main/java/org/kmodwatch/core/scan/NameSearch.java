package org.kmodwatch.core.scan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the lines of a block that can be events with certain names, at about the speed of memory.
 *
 * <p>An event's name is a string somewhere in its line. JSON writes that string letter by letter
 * between quotes, or with at least one letter as an escape, a backslash and {@code uXXXX}. A line
 * without any of the names in quotes, and without such an escape of one of their letters, is
 * therefore none of these events. The order of its keys and its white space do not matter. A name
 * elsewhere in the line, in an argument, only costs time.
 *
 * <p>The search compares three letters at a time ({@link Needle}). It uses four copies of a piece
 * of the block, which begin at its first, second, third and fifth byte. The bytes of one needle or
 * one escape then have the same index in several arrays. HotSpot makes vector instructions of such
 * loops (measured with JDK 25 on x86-64). It does not for a loop that reads one array at two
 * indexes, has more than about two needles, or runs over bytes. Eight bytes are compared at a time:
 * a byte of {@code x} is zero where {@code (x - 0x0101…) & ~x & 0x8080…} has its high bit. Bytes
 * above that one may also have it, so each hit is checked again.
 *
 * <p>The same pass counts the lines and checks whether each begins and ends like an object. Not
 * thread-safe.
 */
public final class NameSearch {

  private static final int LONG_BYTES = Long.BYTES;

  /**
   * The size of a piece in longs, below 256. It is small because a piece with a hit is searched
   * long by long, and large enough to make the loops efficient.
   */
  private static final int PIECE = 248;

  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGH = 0x8080_8080_8080_8080L;
  private static final long LOW = ~HIGH;

  /** A mask that selects every other byte. */
  private static final long EVEN = 0x00FF_00FF_00FF_00FFL;

  private final List<Needle> needles;

  private final List<Pair> pairs;

  /** The letters that occur in the names. */
  private final boolean[] letters = new boolean[128];

  private final long[] first = new long[PIECE];
  private final long[] second = new long[PIECE];
  private final long[] third = new long[PIECE];
  private final long[] fifth = new long[PIECE];

  /**
   * The bits of an escape's third digit that are compared. For letters that digit is 4 to 7.
   * Producers often escape angle brackets and ampersands, where it is 3; no name has those.
   */
  private final long digitMask;

  private long lines;
  private boolean regular;
  private int found;
  private int[] starts = new int[64];

  /** The line that was taken last, from its beginning to its newline. */
  private int takenFrom;

  private int takenTo;

  /** The last needle, if their number is odd. It is searched for together with escapes. */
  private final @Nullable Needle single;

  /** Two needles that are searched for together. */
  private record Pair(Needle one, Needle other) {}

  /** Creates a search for {@code names}. {@link Needle#canFind} must be true for each. */
  public NameSearch(Set<String> names) {
    this.needles = Needle.of(names);
    var all = new ArrayList<Pair>();
    for (int i = 0; i + 1 < needles.size(); i += 2) {
      all.add(new Pair(needles.get(i), needles.get(i + 1)));
    }
    this.pairs = List.copyOf(all);
    this.single = needles.size() % 2 == 0 ? null : needles.getLast();
    names.forEach(name -> name.chars().forEach(c -> letters[c] = true));
    boolean onlyLetters = names.stream().allMatch(name -> name.chars().allMatch(c -> c >= '@'));
    this.digitMask = onlyLetters ? ~(0x03 * ONES) : 0;
  }

  /** Searches {@code block}. The other methods then return the result. */
  public void search(Block block) {
    ByteBuffer bytes = block.bytes;
    pad(bytes, block.length);
    lines = bytes.get(0) == '\n' ? 1 : 0;
    regular = bytes.get(0) == '{';
    found = 0;
    takenFrom = 0;
    takenTo = 0;
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
      long newlines = newlines(first, second, third, count);
      lines += (int) newlines;
      regular &= newlines >>> Integer.SIZE == 0;
      searchPiece(block, at, count);
    }
    settle();
  }

  /** Returns the number of lines in the block. */
  public long lines() {
    return lines;
  }

  /** Returns whether each line of the block begins with a brace and ends with one. */
  public boolean isRegular() {
    return regular;
  }

  /** Returns the number of lines that can be one of the events. */
  public int found() {
    return found;
  }

  /** Returns where the found line number {@code index} begins in the block. */
  public int start(int index) {
    return starts[index];
  }

  /**
   * Adds a brace after the last line, so that its end looks like that of the others, and then
   * zeroes.
   */
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

  /**
   * Returns the number of newlines in {@code b} in the lower half. The upper half is not 0 if any
   * of them is not between a closing and an opening brace. Newlines are counted by their position
   * in the eight bytes, at most 255 for each.
   */
  private static long newlines(long[] a, long[] b, long[] c, int count) {
    long counts = 0;
    long others = 0;
    for (int i = 0; i < count; i++) {
      long newline = b[i] ^ '\n' * ONES;
      long braces = (a[i] ^ '}' * ONES) | (c[i] ^ '{' * ONES);
      long isNewline = ~(((newline & LOW) + LOW) | newline | LOW);
      long isBraces = ~(((braces & LOW) + LOW) | braces | LOW);
      counts += isNewline >>> 7;
      others |= isNewline & ~isBraces;
    }
    long sum = (counts & EVEN) + (counts >>> 8 & EVEN);
    sum += sum >>> 32;
    sum += sum >>> 16;
    return (sum & 0xFFFF) | (others == 0 ? 0 : 1L << Integer.SIZE);
  }

  /**
   * Returns a value other than 0 if a backslash stands before a {@code u}, with a digit that may be
   * a letter's.
   */
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

  /** Returns a value other than 0 if there is such an escape or a needle. */
  private static long escapesOr(
      long[] a,
      long[] b,
      long[] c,
      long[] digits,
      int count,
      long digitMask,
      long p0,
      long p1,
      long p2) {
    long hits = 0;
    for (int i = 0; i < count; i++) {
      hits |= escapes(a[i], b[i], digits[i], digitMask) | one(a[i], b[i], c[i], p0, p1, p2);
    }
    return hits & HIGH;
  }

  /** Returns a value other than 0 if one of two needles is there. */
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
      hits |= one(a[i], b[i], c[i], p0, p1, p2) | one(a[i], b[i], c[i], q0, q1, q2);
    }
    return hits & HIGH;
  }

  /** Returns a value other than 0 if a needle is there with one of two endings. */
  private static long withEnding(
      long[] a,
      long[] b,
      long[] c,
      long[] e,
      int count,
      long p0,
      long p1,
      long p2,
      long e0,
      long e1) {
    long hits = 0;
    for (int i = 0; i < count; i++) {
      long p = (a[i] ^ p0) | (b[i] ^ p1) | (c[i] ^ p2);
      long x = p | (e[i] ^ e0);
      long y = p | (e[i] ^ e1);
      hits |= ((x - ONES) & ~x) | ((y - ONES) & ~y);
    }
    return hits & HIGH;
  }

  private static long one(long a, long b, long c, long p0, long p1, long p2) {
    long p = (a ^ p0) | (b ^ p1) | (c ^ p2);
    return (p - ONES) & ~p;
  }

  private void searchPiece(Block block, int at, int count) {
    searchEscapes(block, at, count);
    for (Pair pair : pairs) {
      long[] p = pair.one().spread();
      long[] q = pair.other().spread();
      if (eitherOf(first, second, third, count, p[0], p[1], p[2], q[0], q[1], q[2]) != 0) {
        look(block, at, count, pair.one());
        look(block, at, count, pair.other());
      }
    }
  }

  private void searchEscapes(Block block, int at, int count) {
    Needle needle = single;
    if (needle == null) {
      if (escapes(first, second, fifth, count, digitMask) != 0) {
        takeEscapes(block, at, count);
      }
      return;
    }
    long[] p = needle.spread();
    if (escapesOr(first, second, third, fifth, count, digitMask, p[0], p[1], p[2]) != 0) {
      takeEscapes(block, at, count);
      look(block, at, count, needle);
    }
  }

  private void takeEscapes(Block block, int at, int count) {
    for (int i = 0; i < count; i++) {
      take(block, at + i, escapes(first[i], second[i], fifth[i], digitMask));
    }
  }

  /** Takes the lines of a piece that have a needle at one of its places. */
  private void look(Block block, int at, int count, Needle needle) {
    long[] p = needle.spread();
    if (goesOn(needle, count)) {
      for (int i = 0; i < count; i++) {
        take(block, at + i, one(first[i], second[i], third[i], p[0], p[1], p[2]));
      }
    }
  }

  /** Returns whether the needle is there with a correct ending byte. Most hits are other words. */
  private boolean goesOn(Needle needle, int count) {
    long[] p = needle.spread();
    long[] endings = needle.spreadEndings();
    boolean any = endings.length == 0;
    for (int i = 0; i < endings.length; i += 2) {
      any |=
          withEnding(
                  first,
                  second,
                  third,
                  fifth,
                  count,
                  p[0],
                  p[1],
                  p[2],
                  endings[i],
                  endings[Math.min(i + 1, endings.length - 1)])
              != 0;
    }
    return any;
  }

  /** Takes the lines with hits among eight bytes, if the hits are real. */
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
      if (needle.mayEndWith(bytes.get(position + Needle.ENDING))
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
    if (position >= takenFrom && position < takenTo) {
      // A line may have many hits, and each would search for the line's beginning.
      return;
    }
    int start = Newlines.before(block.bytes, position);
    takenFrom = start;
    takenTo = Newlines.at(block.bytes, position);
    if (found == starts.length) {
      starts = Arrays.copyOf(starts, 2 * found);
    }
    starts[found++] = start;
  }

  /**
   * Sorts the lines and removes duplicates, because the needles are searched one after the other.
   */
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

package org.kmodwatch.core.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Some whole lines of an input, as {@link LineBlocks} cuts them and {@link BlockScanner} reads
 * them. To be used again and again; by one thread at a time.
 */
public final class Block {

  /** What a scanner may look at past the last line. */
  static final int PADDING_BYTES = 64;

  /** A size that stays in a processor's second cache while it is searched. */
  private static final int DEFAULT_BYTES = 256 << 10;

  private static final byte NEWLINE = '\n';
  private static final byte[] NOTHING = new byte[0];

  /** The lines, each ended by a newline, from 0 to {@link #length}. */
  ByteBuffer bytes = allocate(DEFAULT_BYTES);

  int length;

  /** Whether it begins where the input does. */
  boolean first;

  /** Whether it stands for one line that is longer than the limit, and holds none. */
  boolean tooLong;

  /** Why the input breaks off after it, if compressed data is damaged there. */
  @Nullable String damage;

  /** The beginning of the line that the input broke off in. */
  byte[] torn = NOTHING;

  /** A block that holds nothing yet. */
  public Block() {}

  /** Whether the input breaks off after it, since compressed data is damaged there. */
  public boolean isDamaged() {
    return damage != null;
  }

  void clear() {
    if (capacity() > DEFAULT_BYTES) {
      bytes = allocate(DEFAULT_BYTES);
    }
    bytes.clear().limit(capacity());
    length = 0;
    first = false;
    tooLong = false;
    damage = null;
    torn = NOTHING;
  }

  /** How many bytes it has room for. */
  int capacity() {
    return bytes.capacity() - PADDING_BYTES;
  }

  /** Makes room for more. */
  void grow(int newCapacity) {
    bytes = allocate(newCapacity).put(bytes.flip());
  }

  /** Where the last newline that begins at {@code from} or later ends; 0 if there is none. */
  int lastNewline(int from) {
    for (int i = bytes.position() - 1; i >= from; i--) {
      if (bytes.get(i) == NEWLINE) {
        return i + 1;
      }
    }
    return 0;
  }

  /**
   * Makes a line of what was read: the last one of an input may lack its newline.
   *
   * @return whether there was anything
   */
  boolean endInLine() {
    int read = bytes.position();
    if (read > 0) {
      bytes.limit(read + 1).put(NEWLINE);
      length = read + 1;
    }
    return read > 0;
  }

  /** Ends it where the input breaks off. */
  void endInDamage(String reason) {
    damage = reason;
    length = tooLong ? 0 : lastNewline(0);
    torn = tooLong ? NOTHING : new byte[bytes.position() - length];
    bytes.get(length, torn);
    tooLong = false;
  }

  private static ByteBuffer allocate(int capacity) {
    return ByteBuffer.allocateDirect(capacity + PADDING_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .limit(capacity);
  }
}

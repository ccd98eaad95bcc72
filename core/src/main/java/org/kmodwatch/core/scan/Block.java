package org.kmodwatch.core.scan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A number of whole lines of an input. {@link LineBlocks} fills a block and a scanner reads it. A
 * block is reusable. One thread at a time uses it.
 */
public final class Block {

  /** The number of bytes after the last line that a scanner may read. */
  static final int PADDING_BYTES = 64;

  /** The default size, which stays in a processor's second-level cache during a search. */
  private static final int DEFAULT_BYTES = 256 << 10;

  private static final byte NEWLINE = '\n';
  private static final byte[] NOTHING = new byte[0];

  /** The lines, from 0 to {@link #length}. Each ends with a newline. */
  ByteBuffer bytes = allocate(DEFAULT_BYTES);

  int length;

  /** Whether the block is the first of the input. */
  boolean first;

  /**
   * Whether the block stands for one line longer than the limit. It then has no bytes of that line.
   */
  boolean tooLong;

  /**
   * The damage of the compressed data that ends the input after this block; null without damage.
   */
  @Nullable String damage;

  /** The beginning of the line in which the input ends. */
  byte[] torn = NOTHING;

  /** Creates an empty block. */
  public Block() {}

  /** Returns the lines, from 0 to {@link #length}. The bytes are valid until the next block. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /** Returns the number of bytes in the lines, newlines included. */
  public int length() {
    return length;
  }

  /** Returns whether the block is the first of the input. */
  public boolean isFirst() {
    return first;
  }

  /** Returns whether the block stands for one line longer than the limit. */
  public boolean isTooLong() {
    return tooLong;
  }

  /** Returns whether damaged compressed data ends the input after this block. */
  public boolean isDamaged() {
    return damage != null;
  }

  /** Returns the damage that ends the input after this block; null without damage. */
  public @Nullable String damage() {
    return damage;
  }

  /** Returns the beginning of the line in which the damaged input ends; empty without one. */
  public byte[] torn() {
    return torn;
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

  /** Returns the number of bytes that the block can hold. */
  int capacity() {
    return bytes.capacity() - PADDING_BYTES;
  }

  /** Enlarges the block and keeps its bytes. */
  void grow(int newCapacity) {
    bytes = allocate(newCapacity).put(bytes.flip());
  }

  /** Returns where the last newline at {@code from} or later ends; 0 without one. */
  int lastNewline(int from) {
    for (int i = bytes.position() - 1; i >= from; i--) {
      if (bytes.get(i) == NEWLINE) {
        return i + 1;
      }
    }
    return 0;
  }

  /**
   * Adds the missing newline to the bytes read. The last line of an input may lack it.
   *
   * @return whether the block has a line
   */
  boolean endInLine() {
    int read = bytes.position();
    if (read > 0) {
      bytes.limit(read + 1).put(NEWLINE);
      length = read + 1;
    }
    return read > 0;
  }

  /** Ends the block at the damage, and keeps the incomplete line as {@link #torn}. */
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

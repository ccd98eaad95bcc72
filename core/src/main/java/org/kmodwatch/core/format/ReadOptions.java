package org.kmodwatch.core.format;

import java.util.Set;

/**
 * How to read.
 *
 * @param maxLineBytes the longest line that is read, in bytes without the newline, at least 1; a
 *     longer one is a bad line and is passed over in constant memory
 * @param eventNames the events that are wanted; empty for every event
 * @param everyLine whether lines that cannot be of an event that is wanted are read all the same,
 *     so that each that is bad is told. If not, a line that begins and ends like an object and
 *     cannot be such an event is passed over unread, which is much faster
 */
public record ReadOptions(int maxLineBytes, Set<String> eventNames, boolean everyLine) {

  private static final int DEFAULT_MAX_LINE_BYTES = 16 << 20;

  /** Lines of up to 16 MiB, every event. */
  public static final ReadOptions DEFAULT = new ReadOptions(DEFAULT_MAX_LINE_BYTES);

  /**
   * Copies the names, and refuses a limit below 1 or above 1 GiB, which no array of characters
   * holds.
   */
  public ReadOptions {
    if (maxLineBytes < 1 || maxLineBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "the limit for a line must be from 1 byte to 1 GiB: maxLineBytes=" + maxLineBytes);
    }
    eventNames = Set.copyOf(eventNames);
    everyLine |= eventNames.isEmpty();
  }

  /** Every event, in lines of up to {@code maxLineBytes}. */
  public ReadOptions(int maxLineBytes) {
    this(maxLineBytes, Set.of(), true);
  }

  /** Just the events with these names, and the lines that can be such an event. */
  public static ReadOptions of(Set<String> eventNames) {
    return new ReadOptions(DEFAULT_MAX_LINE_BYTES, eventNames, false);
  }

  /** The same, but every line is read. */
  public ReadOptions withEveryLine() {
    return new ReadOptions(maxLineBytes, eventNames, true);
  }

  /** Whether an event of this name is wanted. */
  boolean wants(String eventName) {
    return eventNames.isEmpty() || eventNames.contains(eventName);
  }
}

package org.kmodwatch.core.scan;

import java.util.Set;

/**
 * Holds the options of a reader.
 *
 * @param maxLineBytes the longest line that is read, in bytes without the newline, at least 1. A
 *     longer line is a bad line and is skipped in constant memory
 * @param eventNames the wanted events; empty for every event
 * @param everyLine whether to parse the lines that cannot be a wanted event too, so that each bad
 *     line is reported. If false, the reader skips lines that look like an object but cannot be a
 *     wanted event, which is much faster
 */
public record ReadOptions(int maxLineBytes, Set<String> eventNames, boolean everyLine) {

  private static final int DEFAULT_MAX_LINE_BYTES = 16 << 20;

  /** The options that read every event, in lines of up to 16 MiB. */
  public static final ReadOptions DEFAULT = new ReadOptions(DEFAULT_MAX_LINE_BYTES);

  /**
   * Copies the names. Throws {@link IllegalArgumentException} for a limit below 1 or above 1 GiB,
   * which no array of characters holds.
   */
  public ReadOptions {
    if (maxLineBytes < 1 || maxLineBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "the limit for a line must be from 1 byte to 1 GiB: maxLineBytes=" + maxLineBytes);
    }
    eventNames = Set.copyOf(eventNames);
    everyLine |= eventNames.isEmpty();
  }

  /** Creates options for every event, in lines of up to {@code maxLineBytes}. */
  public ReadOptions(int maxLineBytes) {
    this(maxLineBytes, Set.of(), true);
  }

  /** Returns options for the events with these names, and the lines that can be such an event. */
  public static ReadOptions of(Set<String> eventNames) {
    return new ReadOptions(DEFAULT_MAX_LINE_BYTES, eventNames, false);
  }

  /** Returns these options with every line read. */
  public ReadOptions withEveryLine() {
    return new ReadOptions(maxLineBytes, eventNames, true);
  }

  /** Returns whether an event of this name is wanted. */
  public boolean wants(String eventName) {
    return eventNames.isEmpty() || eventNames.contains(eventName);
  }
}

package org.kmodwatch.sensor;

/**
 * Unread records of replaced programs, which nobody will read. Another version pinned these
 * programs, or they had another size of the image buffer.
 *
 * @param records the number of records, some of which may have been reported; 0 if that is not
 *     known
 * @param detail a text for a person
 */
public record LeftBehind(long records, String detail) {}

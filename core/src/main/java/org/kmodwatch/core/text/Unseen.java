package org.kmodwatch.core.text;

/**
 * Characters that a reader does not see as such. The text of records is chosen by whoever loads a
 * module, and may be shown on a terminal.
 */
public final class Unseen {

  private Unseen() {}

  /**
   * Whether a code point moves the cursor, starts a sequence, or turns the reading order around. Or
   * is no character (U+FFFF and its like): journalctl shows a line that has one as "blob data".
   */
  public static boolean is(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.UNASSIGNED ->
          true;
      default -> false;
    };
  }
}

package org.kmodwatch.core.text;

/**
 * Recognises characters that a reader cannot see. The loader of a module chooses the text of
 * records, and a terminal may show it.
 */
public final class Unseen {

  private Unseen() {}

  /**
   * Returns whether a code point moves the cursor, starts a sequence, or reverses the reading
   * order. Also returns true for a code point that is no character (such as U+FFFF): journalctl
   * shows a line that has one as "blob data".
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

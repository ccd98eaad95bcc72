package org.kmodwatch.agent.output;

import java.util.HexFormat;

/**
 * Makes text from outside safe to show. Module names, paths and process names are chosen by whoever
 * loads a module; shown raw they could move the cursor, recolour the screen, forge a row or turn
 * the reading order around.
 */
public final class PlainText {

  private static final HexFormat HEX = HexFormat.of();

  private PlainText() {}

  /**
   * {@code text} with everything that does more than print one character written out: {@code \n},
   * {@code \t}, {@code \r}, {@code \x1b}, {@code \x{202e}}; a backslash is doubled, so that an
   * escape cannot be forged either.
   */
  public static String escape(String text) {
    int clean = 0;
    while (clean < text.length() && isPlainAscii(text.charAt(clean))) {
      clean++;
    }
    if (clean == text.length()) {
      return text;
    }
    var escaped = new StringBuilder(text.length() + 16).append(text, 0, clean);
    text.codePoints().skip(clean).forEach(c -> append(escaped, c));
    return escaped.toString();
  }

  /** {@code text} as {@link #escape} has it, but with backslashes as they are. */
  public static String escapeControls(String text) {
    return escape(text).replace("\\\\", "\\");
  }

  /**
   * JSON with the escapes of its own for what does more than print a character. Outside of texts it
   * has none of these.
   */
  static String escapeInJson(String json) {
    var escaped = new StringBuilder(json.length());
    json.codePoints()
        .forEach(
            c -> {
              if (c >= 0x7f && (c < 0xa0 || isInvisible(c))) {
                for (char part : Character.toChars(c)) {
                  escaped.append("\\u").append(HEX.toHexDigits(part));
                }
              } else {
                escaped.appendCodePoint(c);
              }
            });
    return escaped.toString();
  }

  private static boolean isPlainAscii(char c) {
    return c >= ' ' && c < 0x7f && c != '\\';
  }

  private static void append(StringBuilder out, int c) {
    switch (c) {
      case '\\' -> out.append("\\\\");
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default -> {
        if (c < ' ' || (c >= 0x7f && c < 0xa0)) {
          out.append("\\x").append(HEX.toHexDigits((byte) c));
        } else if (isInvisible(c)) {
          out.append("\\x{").append(Integer.toHexString(c)).append('}');
        } else {
          out.appendCodePoint(c);
        }
      }
    }
  }

  /** Bidi controls, zero-width and combining characters, line separators, halves of pairs. */
  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          true;
      default -> Character.isWhitespace(c) && c != ' ';
    };
  }
}

package org.kmodwatch.agent.output;

import java.util.HexFormat;

/**
 * Makes text from outside safe to show. The loader of a module chooses module names, paths and
 * process names. Unescaped, they could move the cursor, recolour the screen, forge a row or reverse
 * the reading order.
 */
public final class PlainText {

  private static final HexFormat HEX = HexFormat.of();

  private PlainText() {}

  /**
   * Returns {@code text} with each character escaped that does more than print: {@code \n}, {@code
   * \t}, {@code \r}, {@code \x1b}, {@code \x{202e}}. A backslash is doubled, so that an escape
   * cannot be forged.
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

  /** Returns the result of {@link #escape}, but with single backslashes unchanged. */
  public static String escapeControls(String text) {
    return escape(text).replace("\\\\", "\\");
  }

  /**
   * Returns JSON in which each character that does more than print is a JSON escape. JSON has such
   * characters only inside its strings.
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

  /**
   * Returns whether {@code c} is a bidi control, zero-width or combining character, line separator,
   * or half of a surrogate pair.
   */
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

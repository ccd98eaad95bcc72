package org.kmodwatch.core.text;

/** Cuts text that is too long. */
public final class Beginnings {

  private Beginnings() {}

  /**
   * Returns the first {@code maxChars} characters of {@code text}, or all of a shorter text. It
   * does not end with half of a surrogate pair.
   */
  public static String of(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return text;
    }
    boolean half = maxChars > 0 && Character.isHighSurrogate(text.charAt(maxChars - 1));
    return text.substring(0, half ? maxChars - 1 : maxChars);
  }
}

package org.kmodwatch.core.text;

/** Cuts text that is longer than there is room for. */
public final class Beginnings {

  private Beginnings() {}

  /**
   * What {@code text} begins with: at most {@code maxChars} of it, and no half of a surrogate pair
   * at the end.
   */
  public static String of(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return text;
    }
    boolean half = maxChars > 0 && Character.isHighSurrogate(text.charAt(maxChars - 1));
    return text.substring(0, half ? maxChars - 1 : maxChars);
  }
}

package org.kmodwatch.history;

/**
 * A pattern matches whole names: {@code *} matches any text, {@code ?} one character, every other
 * character itself.
 *
 * @param pattern the pattern as the user wrote it
 */
record Glob(String pattern) {

  /** Returns whether the pattern is a plain name, without a star or a question mark. */
  boolean isOne() {
    return pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0;
  }

  /** Returns the text before the first wildcard: every match begins with it. */
  String prefix() {
    int end = 0;
    while (end < pattern.length() && pattern.charAt(end) != '*' && pattern.charAt(end) != '?') {
      end++;
    }
    return pattern.substring(0, end);
  }

  /** Returns the same pattern for SQLite's GLOB, which also supports character sets. */
  String forSqlite() {
    return pattern.replace("[", "[[]");
  }

  /**
   * Returns whether the pattern matches. It backtracks to the last star only, so the time is at
   * most the product of both lengths.
   */
  boolean matches(String name) {
    int at = 0;
    int in = 0;
    int star = -1;
    int afterStar = 0;
    while (in < name.length()) {
      if (at < pattern.length() && pattern.charAt(at) == '*') {
        star = at++;
        afterStar = in;
      } else if (at < pattern.length()
          && (pattern.charAt(at) == '?' || pattern.charAt(at) == name.charAt(in))) {
        at++;
        in++;
      } else if (star >= 0) {
        at = star + 1;
        in = ++afterStar;
      } else {
        return false;
      }
    }
    while (at < pattern.length() && pattern.charAt(at) == '*') {
      at++;
    }
    return at == pattern.length();
  }
}

package org.kmodwatch.agent.history;

/**
 * A pattern for whole names: {@code *} is anything, {@code ?} one character, all else itself.
 *
 * @param pattern as somebody wrote it
 */
record Glob(String pattern) {

  /** Whether it is one name, without a star or a question mark. */
  boolean isOne() {
    return pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0;
  }

  /** What every name that it matches begins with. */
  String prefix() {
    int end = 0;
    while (end < pattern.length() && pattern.charAt(end) != '*' && pattern.charAt(end) != '?') {
      end++;
    }
    return pattern.substring(0, end);
  }

  /** The same pattern for SQLite's GLOB, which knows sets of characters too. */
  String forSqlite() {
    return pattern.replace("[", "[[]");
  }

  /** Goes back to the last star alone, so that no pattern takes longer than both lengths. */
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

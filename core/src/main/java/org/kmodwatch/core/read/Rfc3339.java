package org.kmodwatch.core.read;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.OptionalLong;

/** Reads ordinary times of RFC 3339, dozens of times as fast as the parser of {@code java.time}. */
final class Rfc3339 {

  private static final long NANOS = 1_000_000_000L;
  private static final int SECONDS_A_DAY = 24 * 60 * 60;
  private static final int SHORTEST = "1970-01-01T00:00:00Z".length();
  private static final int MAX_FRACTION_DIGITS = 9;

  /** The range of years in which nanoseconds since the epoch certainly fit a long. */
  private static final int FIRST_YEAR = 1970;

  private static final int LAST_YEAR = 2261;

  private Rfc3339() {}

  /**
   * Returns the nanoseconds since the epoch of a time in UTC such as {@code
   * 2025-11-17T10:00:00.000027128Z}. Returns empty for another notation, which may still be valid.
   */
  static OptionalLong nanos(String text) {
    int last = text.length() - 1;
    int year = number(text, 0, 4);
    int month = number(text, 5, 7);
    int day = number(text, 8, 10);
    int hour = number(text, 11, 13);
    int minute = number(text, 14, 16);
    int second = number(text, 17, 19);
    boolean ordinary =
        text.length() >= SHORTEST
            && text.charAt(4) == '-'
            && text.charAt(7) == '-'
            && text.charAt(10) == 'T'
            && text.charAt(13) == ':'
            && text.charAt(16) == ':'
            && text.charAt(last) == 'Z'
            && year >= FIRST_YEAR
            && year <= LAST_YEAR
            && month >= 0
            && day >= 0
            && hour >= 0
            && hour < 24
            && minute >= 0
            && minute < 60
            && second >= 0
            && second < 60;
    if (!ordinary) {
      return OptionalLong.empty();
    }
    long fraction = fraction(text, last);
    if (fraction < 0) {
      return OptionalLong.empty();
    }
    try {
      long days = LocalDate.of(year, month, day).toEpochDay();
      long seconds = days * SECONDS_A_DAY + hour * 3600L + minute * 60L + second;
      return OptionalLong.of(seconds * NANOS + fraction);
    } catch (DateTimeException noSuchDay) {
      return OptionalLong.empty();
    }
  }

  /**
   * Returns the nanoseconds after the second; a negative number if the text has no valid fraction.
   */
  private static long fraction(String text, int end) {
    int start = SHORTEST - 1;
    if (start == end) {
      return 0;
    }
    int digits = end - start - 1;
    if (text.charAt(start) != '.' || digits < 1 || digits > MAX_FRACTION_DIGITS) {
      return -1;
    }
    long fraction = number(text, start + 1, end);
    for (int i = digits; i < MAX_FRACTION_DIGITS; i++) {
      fraction *= 10;
    }
    return fraction;
  }

  /** Returns the number in these digits; -1 if a character is not a digit. */
  private static int number(String text, int from, int to) {
    if (to > text.length()) {
      return -1;
    }
    int number = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = 10 * number + (c - '0');
    }
    return number;
  }
}

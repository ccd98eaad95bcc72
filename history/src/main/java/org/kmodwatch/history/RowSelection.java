package org.kmodwatch.history;

import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A condition selects rows of the history.
 *
 * @param rows a query for the sequences of the rows that match, within {@code :since} and {@code
 *     :until}, from one index
 * @param holds the same test as an SQL condition on a row, which uses no index
 * @param inOrder the same rows from an index in the order of their time; null if no index has them
 *     so
 * @param parameters the values bound in these queries, by name
 */
record RowSelection(
    String rows, String holds, @Nullable String inOrder, Map<String, String> parameters) {

  /** Selects all rows within the time, in the order of time. */
  static final String ALL_IN_ORDER =
      "load INDEXED BY load_time WHERE time >= :since AND time < :until";

  /** Tests that the time is within the bounds. */
  static final RowSelection TIME =
      new RowSelection("SELECT sequence FROM " + ALL_IN_ORDER, "TRUE", ALL_IN_ORDER, Map.of());

  private static final String WITHIN = " AND time >= :since AND time < :until";

  /** Returns the condition that a column has one of {@code values}. */
  static RowSelection oneOf(String column, List<String> values) {
    String among = " IN (SELECT value FROM json_each(:%s))".formatted(column);
    return new RowSelection(
        "SELECT sequence FROM load INDEXED BY load_%s WHERE %s%s%s"
            .formatted(column, column, among, WITHIN),
        "+" + column + among,
        values.size() == 1
            ? "load INDEXED BY load_%s WHERE %s = :only_%s%s"
                .formatted(column, column, column, WITHIN)
            : null,
        values.size() == 1
            ? Map.of(column, jsonArray(values), "only_" + column, values.getFirst())
            : Map.of(column, jsonArray(values)));
  }

  /**
   * Returns the condition that a column matches a pattern. Every row is compared, since the list of
   * values would be too large.
   *
   * @param lastPart whether the pattern applies to the text after the last slash
   */
  static RowSelection like(String column, Glob glob, boolean lastPart) {
    // If a pattern without a slash matches the last part, then "*" and the pattern match the whole.
    // That test is faster than the search for the last slash.
    String is =
        lastPart
            ? "(+%1$s GLOB :end_%1$s AND substr(%1$s, length(rtrim(%1$s, replace(%1$s, '/', ''))) + 1) GLOB :like_%1$s)"
                .formatted(column)
            : "+%1$s GLOB :like_%1$s".formatted(column);
    String from = lastPart ? "" : glob.prefix();
    return new RowSelection(
        "SELECT sequence FROM load INDEXED BY load_%1$s WHERE %1$s >= :from_%1$s AND %2$s%3$s"
                .formatted(column, is, WITHIN)
            + upTo(column, from),
        is,
        null,
        Map.of(
            "like_" + column,
            glob.forSqlite(),
            "end_" + column,
            "*" + glob.forSqlite(),
            "from_" + column,
            from,
            "to_" + column,
            after(from)));
  }

  /** Returns an upper bound for an index scan of texts that begin with {@code prefix}. */
  static String upTo(String column, String prefix) {
    return after(prefix).isEmpty() ? "" : " AND %1$s < :to_%1$s".formatted(column);
  }

  /**
   * Returns the first text, in the order of SQLite, after all that begin with {@code prefix}; empty
   * if no such text exists.
   */
  static String after(String prefix) {
    int end = prefix.length();
    while (end > 0) {
      int last = prefix.codePointBefore(end);
      int start = end - Character.charCount(last);
      if (last < Character.MAX_CODE_POINT) {
        int next = last + 1;
        // Half of a surrogate pair is not a character.
        boolean half = next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE;
        return prefix.substring(0, start)
            + Character.toString(half ? Character.MAX_SURROGATE + 1 : next);
      }
      end = start;
    }
    return "";
  }

  /** Returns the condition that a hash begins with {@code prefix}. */
  static RowSelection hash(String prefix) {
    String rows =
        "SELECT sequence FROM load INDEXED BY load_%s WHERE %s >= :hash AND %s < :hashEnd";
    String holds = "(+%s >= :hash AND +%s < :hashEnd)";
    String one = "sha256";
    String other = "decompressed_sha256";
    return new RowSelection(
        rows.formatted(one, one, one)
            + WITHIN
            + " UNION ALL "
            + rows.formatted(other, other, other)
            + WITHIN,
        "(%s OR %s)".formatted(holds.formatted(one, one), holds.formatted(other, other)),
        null,
        // "g" sorts after every hexadecimal digit.
        Map.of("hash", prefix, "hashEnd", prefix + "g"));
  }

  private static String jsonArray(List<String> values) {
    return values.stream().map(RowSelection::jsonString).collect(Collectors.joining(",", "[", "]"));
  }

  private static String jsonString(String text) {
    var json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\' || c < ' ') {
        json.append("\\u").append(HexFormat.of().toHexDigits(c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}

package org.kmodwatch.agent.history;

import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Something that rows are looked for by.
 *
 * @param rows a query for the sequences of the rows that it holds for, within {@code :since} and
 *     {@code :until}, from one index
 * @param holds the same as a condition on a row that is there, which no index helps with
 * @param inOrder the same rows from an index that has them in the order of their time; null if none
 *     has
 * @param parameters what is bound in these, by name
 */
record Condition(
    String rows, String holds, @Nullable String inOrder, Map<String, String> parameters) {

  /** All rows within the time, in its order. */
  static final String ALL_IN_ORDER =
      "load INDEXED BY load_time WHERE time >= :since AND time < :until";

  /** It happened within the time. */
  static final Condition TIME =
      new Condition("SELECT sequence FROM " + ALL_IN_ORDER, "TRUE", ALL_IN_ORDER, Map.of());

  private static final String WITHIN = " AND time >= :since AND time < :until";

  /** One column is one of {@code values}. */
  static Condition oneOf(String column, List<String> values) {
    String among = " IN (SELECT value FROM json_each(:%s))".formatted(column);
    return new Condition(
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
   * One column is like a pattern: each row is looked at, since too many values would have to be
   * remembered.
   *
   * @param lastPart whether the pattern is for what is behind the last slash
   */
  static Condition like(String column, Glob glob, boolean lastPart) {
    // A pattern without a slash that fits the last part fits the whole behind a star, which is
    // found out sooner than where the last part begins.
    String is =
        lastPart
            ? "(+%1$s GLOB :end_%1$s AND substr(%1$s, length(rtrim(%1$s, replace(%1$s, '/', ''))) + 1) GLOB :like_%1$s)"
                .formatted(column)
            : "+%1$s GLOB :like_%1$s".formatted(column);
    String from = lastPart ? "" : glob.prefix();
    return new Condition(
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

  /** A bound for an index, where something begins with {@code prefix}. */
  static String upTo(String column, String prefix) {
    return after(prefix).isEmpty() ? "" : " AND %1$s < :to_%1$s".formatted(column);
  }

  /**
   * The first text, in the order of SQLite, behind all that begin with {@code prefix}; empty if
   * there is none.
   */
  static String after(String prefix) {
    int end = prefix.length();
    while (end > 0) {
      int last = prefix.codePointBefore(end);
      int start = end - Character.charCount(last);
      if (last < Character.MAX_CODE_POINT) {
        int next = last + 1;
        // Half of a pair is no character.
        boolean half = next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE;
        return prefix.substring(0, start)
            + Character.toString(half ? Character.MAX_SURROGATE + 1 : next);
      }
      end = start;
    }
    return "";
  }

  /** A hash begins with {@code prefix}. */
  static Condition hash(String prefix) {
    String rows =
        "SELECT sequence FROM load INDEXED BY load_%s WHERE %s >= :hash AND %s < :hashEnd";
    String holds = "(+%s >= :hash AND +%s < :hashEnd)";
    String one = "sha256";
    String other = "decompressed_sha256";
    return new Condition(
        rows.formatted(one, one, one)
            + WITHIN
            + " UNION ALL "
            + rows.formatted(other, other, other)
            + WITHIN,
        "(%s OR %s)".formatted(holds.formatted(one, one), holds.formatted(other, other)),
        null,
        // Past every hexadecimal digit.
        Map.of("hash", prefix, "hashEnd", prefix + "g"));
  }

  private static String jsonArray(List<String> values) {
    return values.stream().map(Condition::jsonString).collect(Collectors.joining(",", "[", "]"));
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

package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Updates docs/reference/performance.md: text by people, and tables between marks, which are
 * replaced.
 */
final class PerformancePage {

  private PerformancePage() {}

  /** Returns the comment before the table of {@code name}. */
  static String begin(String name) {
    return "<!-- bench:" + name + " -->";
  }

  /** Ends every table. */
  static final String END = "<!-- /bench -->";

  /**
   * Replaces the table of {@code name} by {@code table}.
   *
   * @throws BenchException if the page has no marks for it
   */
  static void replace(Path page, String name, String table) throws IOException {
    Files.writeString(page, replaced(Files.readString(page), name, table));
  }

  /** Returns the text of the page with {@code table} between its marks. */
  static String replaced(String text, String name, String table) {
    int begin = text.indexOf(begin(name));
    int end = begin < 0 ? -1 : text.indexOf(END, begin);
    if (end < 0) {
      throw new BenchException(
          "the page has no place for the table; add the two lines %s and %s"
              .formatted(begin(name), END));
    }
    int after = begin + begin(name).length();
    return text.substring(0, after) + "\n\n" + table.strip() + "\n\n" + text.substring(end);
  }
}

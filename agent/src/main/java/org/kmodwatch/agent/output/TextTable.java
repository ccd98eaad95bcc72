package org.kmodwatch.agent.output;

import java.util.ArrayList;
import java.util.List;

/**
 * A small table that is complete before it is printed. Each column is as wide as its widest cell.
 */
public final class TextTable {

  private final List<List<String>> rows = new ArrayList<>();

  /** Creates a table with these headings. */
  public TextTable(String... headings) {
    rows.add(List.of(headings));
  }

  /** Adds a row, and escapes control characters. */
  public void add(String... cells) {
    var row = new ArrayList<String>();
    for (String cell : cells) {
      row.add(PlainText.escape(cell));
    }
    rows.add(List.copyOf(row));
  }

  /** Returns the lines, each with a newline. */
  public String render(boolean colour) {
    int columns = rows.getFirst().size();
    var widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    var text = new StringBuilder();
    for (List<String> row : rows) {
      var line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String cell = row.get(i);
        line.append(cell).append(" ".repeat(widths[i] - cell.length() + 2));
      }
      String plain = line.toString().stripTrailing();
      text.append(Ansi.BOLD.on(plain, colour && text.isEmpty())).append('\n');
    }
    return text.toString();
  }

  /** Returns {@code text} in lines of at most {@code width} characters, broken between words. */
  public static List<String> wrap(String text, int width) {
    var lines = new ArrayList<String>();
    var line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}

package org.kmodwatch.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Draws the content of a terminal as an SVG picture without a script, so that a Markdown page can
 * show it. It supports text in a fixed width, bold, the eight colours (ECMA-48 SGR), and
 * overwritten lines (CR, EL). The picture has its own dark background, which is readable on a light
 * page and on a dark one.
 */
final class TerminalPicture {

  private static final int FONT = 13;
  private static final double COLUMN = 7.8;
  private static final int ROW = 18;
  private static final int MARGIN = 14;
  private static final int BAR = 30;

  /**
   * Lists the colours from black to white, each with a contrast of at least 4.5 to 1 to the
   * background.
   */
  private static final String[] COLOURS = {
    "#8b949e", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#e6edf3"
  };

  private static final String TEXT = COLOURS[7];
  private static final String GROUND = "#0d1117";
  private static final String FONTS =
      "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

  private final int columns;
  private final List<List<Cell>> rows = new ArrayList<>(List.of(new ArrayList<>()));
  private int column;
  private Style style = Style.PLAIN;

  private TerminalPicture(int columns) {
    this.columns = columns;
  }

  /** Describes the look of a character: bold or not, and a colour of {@link #COLOURS}. */
  private record Style(boolean bold, String colour) {
    static final Style PLAIN = new Style(false, TEXT);
  }

  private record Cell(int character, Style style) {}

  /**
   * Draws a recorded session.
   *
   * @param args the file of the terminal's output, the SVG file to write, the title, and the
   *     terminal's columns. An optional pattern selects an earlier moment: the first at which the
   *     last line matches it.
   */
  public static void main(String[] args) throws IOException {
    String written = Files.readString(Path.of(args[0]), StandardCharsets.UTF_8);
    String until = args.length > 4 ? args[4] : "";
    Files.writeString(Path.of(args[1]), draw(args[2], Integer.parseInt(args[3]), written, until));
  }

  /**
   * Returns the picture of {@code written}.
   *
   * @param until a pattern of the last line to stop at; empty for the end
   * @throws BenchException if no last line matches
   */
  static String draw(String title, int columns, String written, String until) {
    var terminal = new TerminalPicture(columns);
    terminal.write(written, until);
    return terminal.svg(title);
  }

  private void write(String text, String until) {
    Pattern wanted = until.isEmpty() ? null : Pattern.compile(until);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      // A carriage return erases a line, which is complete before it.
      if (c == '\r' && wanted != null && wanted.matcher(lastLine()).find()) {
        return;
      }
      i += Character.charCount(c);
      switch (c) {
        case '\n' -> {
          rows.add(new ArrayList<>());
          column = 0;
        }
        case '\r' -> column = 0;
        case '\b' -> column = Math.max(0, column - 1);
        case 0x1b -> i = escape(text, i);
        default -> {
          if (c >= ' ') {
            put(c);
          }
        }
      }
    }
    if (wanted != null && !wanted.matcher(lastLine()).find()) {
      throw new BenchException("the terminal never showed a last line with " + until);
    }
  }

  private String lastLine() {
    var line = new StringBuilder();
    rows.getLast().forEach(cell -> line.appendCodePoint(cell.character()));
    return line.toString();
  }

  private void put(int character) {
    if (column == columns) {
      rows.add(new ArrayList<>());
      column = 0;
    }
    List<Cell> row = rows.getLast();
    while (row.size() < column) {
      row.add(new Cell(' ', Style.PLAIN));
    }
    var cell = new Cell(character, style);
    if (column < row.size()) {
      row.set(column, cell);
    } else {
      row.add(cell);
    }
    column++;
  }

  /**
   * Applies the escape sequence whose ESC is before {@code at}, and returns the position after it.
   */
  private int escape(String text, int at) {
    if (at >= text.length() || text.charAt(at) != '[') {
      return at;
    }
    int end = at + 1;
    while (end < text.length() && text.charAt(end) < '@') {
      end++;
    }
    if (end == text.length()) {
      return end;
    }
    String parameters = text.substring(at + 1, end);
    switch (text.charAt(end)) {
      case 'm' -> Arrays.stream(parameters.split(";", -1)).forEach(this::render);
      case 'K' -> {
        List<Cell> row = rows.getLast();
        if (column < row.size()) {
          row.subList(column, row.size()).clear();
        }
      }
      default -> {
        // These programs write no other sequence.
      }
    }
    return end + 1;
  }

  private void render(String parameter) {
    int code = parameter.isEmpty() ? 0 : Integer.parseInt(parameter);
    if (code == 0) {
      style = Style.PLAIN;
    } else if (code == 1) {
      style = new Style(true, style.colour());
    } else if (code >= 30 && code <= 37) {
      style = new Style(style.bold(), COLOURS[code - 30]);
    }
  }

  private String svg(String title) {
    while (rows.size() > 1 && lastLine().isBlank()) {
      rows.removeLast();
    }
    double width = 2 * MARGIN + columns * COLUMN;
    int height = BAR + rows.size() * ROW + MARGIN;
    var svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$.0f %2$d" width="%1$.0f" height="%2$d" role="img">
            <title>%3$s</title>
            <rect width="%1$.0f" height="%2$d" rx="8" fill="%4$s"/>
            <circle cx="18" cy="16" r="5" fill="#484f58"/><circle cx="34" cy="16" r="5" fill="#484f58"/>\
            <circle cx="50" cy="16" r="5" fill="#484f58"/>
            <g font-family="%5$s" font-size="%6$d" fill="%7$s">
            """,
            width,
            height,
            escaped(title),
            GROUND,
            FONTS,
            FONT,
            TEXT));
    for (int i = 0; i < rows.size(); i++) {
      row(svg, rows.get(i), BAR + i * ROW + FONT);
    }
    return svg.append("</g>\n</svg>\n").toString();
  }

  /**
   * Draws each run of cells of one style as a separate text, at its column and in the width that it
   * has on a terminal.
   */
  private static void row(StringBuilder svg, List<Cell> row, int y) {
    int start = 0;
    while (start < row.size()) {
      int end = start;
      boolean seen = false;
      while (end < row.size() && row.get(end).style().equals(row.get(start).style())) {
        seen |= row.get(end).character() != ' ';
        end++;
      }
      if (seen) {
        var text = new StringBuilder();
        row.subList(start, end).forEach(cell -> text.appendCodePoint(cell.character()));
        Style style = row.get(start).style();
        svg.append(
            String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\""
                    + " xml:space=\"preserve\"%s%s>%s</text>\n",
                MARGIN + start * COLUMN,
                y,
                (end - start) * COLUMN,
                style.bold() ? " font-weight=\"bold\"" : "",
                style.colour().equals(TEXT) ? "" : " fill=\"" + style.colour() + "\"",
                escaped(text.toString())));
      }
      start = end;
    }
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}

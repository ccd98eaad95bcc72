package org.kmodwatch.bench.prose;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Extracts the prose of a page in Markdown, and checks it by {@link Prose}. Code blocks, comments
 * and measurements between two comments ({@code <!-- bench:x -->} and {@code <!-- /bench -->}) are
 * not prose.
 */
final class Markdown {

  /** Stands for a code span, which counts as one word. */
  static final char CODE = '§';

  static final int MAX_COLUMNS = 100;

  /** Matches code and targets of links, which cannot be wrapped. */
  private static final Pattern UNBREAKABLE = Pattern.compile("`[^`]+`|\\]\\([^)]*\\)");

  private static final Pattern GENERATED = Pattern.compile("<!-- (?:bench:|soak).*");
  private static final Pattern ITEM = Pattern.compile("\\s*(?:[-*]|\\d+\\.) .*");
  private static final Pattern RULE = Pattern.compile("\\|[-:| ]+\\|");

  private final List<String> faults = new ArrayList<>();
  private final StringBuilder paragraph = new StringBuilder();
  private int begin;

  private Markdown() {}

  /** Returns the faults of a page, each with the number of its line; empty if there is none. */
  static List<String> faults(String page) {
    Markdown markdown = new Markdown();
    markdown.read(page.lines().toList());
    return List.copyOf(markdown.faults);
  }

  private void read(List<String> lines) {
    boolean fenced = false;
    boolean generated = false;
    boolean afterBlank = true;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean indented = line.startsWith("    ") && afterBlank;
      if (line.startsWith("```")) {
        fenced = !fenced;
        endParagraph();
      } else if (line.startsWith("<!--")) {
        endParagraph();
        generated = GENERATED.matcher(line).matches();
      } else if (!fenced && !generated && !indented) {
        prose(i + 1, line);
      }
      afterBlank = line.isBlank() || indented;
      if (indented) {
        endParagraph();
      }
    }
    endParagraph();
  }

  private void prose(int number, String line) {
    if (line.startsWith("|")) {
      endParagraph();
      cells(number, line);
      return;
    }
    if (UNBREAKABLE.matcher(line).replaceAll("").length() > MAX_COLUMNS) {
      faults.add(number + ": more than " + MAX_COLUMNS + " columns");
    }
    if (line.isBlank()) {
      endParagraph();
      return;
    }
    if (line.startsWith("#") || ITEM.matcher(line).matches()) {
      endParagraph();
    }
    if (paragraph.isEmpty()) {
      begin = number;
    }
    paragraph.append(line.replaceFirst("^\\s*(?:#+|[-*]|\\d+\\.) ", "")).append('\n');
    if (line.startsWith("#")) {
      endParagraph();
    }
  }

  private void cells(int number, String line) {
    if (!RULE.matcher(line).matches()) {
      for (String cell : line.substring(1).split("(?<!\\\\)\\|", -1)) {
        Prose.faultsOfCell(plain(cell)).forEach(fault -> faults.add(number + ": " + fault));
      }
    }
  }

  private void endParagraph() {
    Prose.faults(plain(paragraph.toString())).forEach(fault -> faults.add(begin + ": " + fault));
    paragraph.setLength(0);
  }

  /** Returns the text without markup, on one line. */
  static String plain(String markdown) {
    return markdown
        .replaceAll("(?s)``.+?``|`[^`]+`", String.valueOf(CODE))
        .replaceAll("!\\[[^\\]]*\\]\\([^)]*\\)", "")
        .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
        .replaceAll("\\*\\*|(?<!\\w)[*_]|[*_](?!\\w)", "")
        .replaceAll("\\s+", " ")
        .strip();
  }
}

package org.kmodwatch.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What a measurement found.
 *
 * @param rows one a line of its table
 */
record Figures(List<Row> rows) {

  Figures {
    rows = List.copyOf(rows);
  }

  /** Whether a target was reached. */
  enum Reached {
    /** It was. */
    YES,
    /** It was not. */
    NO,
    /** The figure has no target: it is there to compare with. */
    NONE
  }

  /**
   * One figure.
   *
   * @param what what it is of, in Markdown
   * @param value the figure with its unit
   * @param target what was to be reached; empty for none
   */
  record Row(String what, String value, String target, Reached reached) {}

  /** Collects rows in order. */
  static final class Builder {
    private final List<Row> rows = new ArrayList<>();

    /** Adds a figure that has no target. */
    Builder add(String what, String value) {
      rows.add(new Row(what, value, "", Reached.NONE));
      return this;
    }

    /** Adds a figure that has one. */
    Builder add(String what, String value, String target, boolean reached) {
      rows.add(new Row(what, value, target, reached ? Reached.YES : Reached.NO));
      return this;
    }

    Figures build() {
      return new Figures(rows);
    }
  }

  /** The rows as a Markdown table. */
  String toMarkdown() {
    var table = new StringBuilder("| what | figure | to reach | reached |\n|---|---|---|---|\n");
    for (Row row : rows) {
      table.append(
          "| %s | %s | %s | %s |%n"
              .formatted(
                  row.what(),
                  row.value(),
                  row.target(),
                  switch (row.reached()) {
                    case YES -> "yes";
                    case NO -> "**no**";
                    case NONE -> "";
                  }));
    }
    return table.toString();
  }
}

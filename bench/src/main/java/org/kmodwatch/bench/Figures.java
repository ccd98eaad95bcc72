package org.kmodwatch.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Holds the figures of a measurement.
 *
 * @param rows the rows of its table
 */
record Figures(List<Row> rows) {

  Figures {
    rows = List.copyOf(rows);
  }

  /** Says whether a figure reached its target. */
  enum Reached {
    /** The figure reached its target. */
    YES,
    /** The figure missed its target. */
    NO,
    /** The figure has no target and serves as a comparison. */
    NONE
  }

  /**
   * A row of the table holds one figure.
   *
   * @param what the quantity, in Markdown
   * @param value the figure with its unit
   * @param target the target; empty for none
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

    /** Adds a figure that has a target. */
    Builder add(String what, String value, String target, boolean reached) {
      rows.add(new Row(what, value, target, reached ? Reached.YES : Reached.NO));
      return this;
    }

    Figures build() {
      return new Figures(rows);
    }
  }

  /** Returns the rows as a Markdown table. */
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

package org.kmodwatch.agent.doctor;

import java.util.LinkedHashMap;
import java.util.List;
import org.kmodwatch.agent.output.Ansi;
import org.kmodwatch.agent.output.PlainText;
import org.kmodwatch.core.event.Value;

/**
 * The result of an examination.
 *
 * @param checks the checks, the most important first
 * @param verdict the overall result, one line
 */
public record Report(List<Check> checks, String verdict) {

  private static final int STATE_WIDTH = 8;
  private static final String GAP = "  ";

  /** Copies the list. */
  public Report {
    checks = List.copyOf(checks);
  }

  /** Returns whether {@code watch} would work. */
  public boolean watchWorks() {
    return checks.stream().noneMatch(c -> c.state() == Check.State.MISSING);
  }

  /** Writes the report for programs, schema {@code kmodwatch.doctor/1}. */
  public Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("schema", Value.of("kmodwatch.doctor/1"));
    json.put("watchWorks", Value.of(watchWorks()));
    json.put("verdict", Value.of(verdict));
    json.put("checks", new Value.Array(checks.stream().map(Check::toJson).toList()));
    return new Value.Obj(json);
  }

  /**
   * Writes the report for people: a line a check, with its loss and remedy below. The verdict is
   * last.
   */
  public String toText(boolean colour) {
    int nameWidth = checks.stream().mapToInt(c -> c.name().length()).max().orElse(0);
    nameWidth = Math.max(nameWidth, "CHECK".length());
    var text = new StringBuilder();
    text.append(Ansi.BOLD.on(pad("STATE", STATE_WIDTH) + GAP + pad("CHECK", nameWidth), colour))
        .append(Ansi.BOLD.on(GAP + "FOUND", colour))
        .append('\n');
    String indent = " ".repeat(STATE_WIDTH + GAP.length() + nameWidth + GAP.length());
    for (Check check : checks) {
      text.append(colourOf(check.state()).on(pad(check.state().word(), STATE_WIDTH), colour))
          .append(GAP)
          .append(pad(check.name(), nameWidth))
          .append(GAP)
          .append(PlainText.escapeControls(check.found()))
          .append('\n');
      if (!check.lost().isEmpty()) {
        text.append(indent).append("lost: ").append(check.lost()).append('\n');
      }
      if (!check.remedy().isEmpty()) {
        text.append(indent).append("remedy: ").append(check.remedy()).append('\n');
      }
    }
    return text.append('\n').append(PlainText.escapeControls(verdict)).append('\n').toString();
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  private static Ansi colourOf(Check.State state) {
    return switch (state) {
      case OK -> Ansi.GREEN;
      case DEGRADED, UNKNOWN -> Ansi.YELLOW;
      case MISSING -> Ansi.RED;
    };
  }
}

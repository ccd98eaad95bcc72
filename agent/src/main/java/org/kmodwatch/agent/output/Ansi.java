package org.kmodwatch.agent.output;

/** The terminal colours that Kmodwatch uses (ECMA-48 SGR). */
public enum Ansi {
  /** Leaves the text unchanged. */
  NONE(""),
  /** Marks headings. */
  BOLD("1"),
  /** Marks a finding. */
  BOLD_YELLOW("1;33"),
  /** Marks a finding of high severity. */
  BOLD_RED("1;31"),
  /** Marks a good result. */
  GREEN("32"),
  /** Marks a bad result. */
  RED("31"),
  /** Marks a result that is not good. */
  YELLOW("33");

  private final String code;

  Ansi(String code) {
    this.code = code;
  }

  /** Returns {@code text} in this colour if {@code wanted}; otherwise unchanged. */
  public String on(String text, boolean wanted) {
    return !wanted || code.isEmpty() ? text : "\u001b[" + code + "m" + text + "\u001b[0m";
  }
}

package org.kmodwatch.agent.output;

/** The few terminal colours in use (ECMA-48 SGR). */
public enum Ansi {
  /** As it is. */
  NONE(""),
  /** Headings. */
  BOLD("1"),
  /** A finding. */
  BOLD_YELLOW("1;33"),
  /** A finding of high severity. */
  BOLD_RED("1;31"),
  /** Good. */
  GREEN("32"),
  /** Bad. */
  RED("31"),
  /** Not good. */
  YELLOW("33");

  private final String code;

  Ansi(String code) {
    this.code = code;
  }

  /** {@code text} in this colour if {@code wanted}. */
  public String on(String text, boolean wanted) {
    return !wanted || code.isEmpty() ? text : "\u001b[" + code + "m" + text + "\u001b[0m";
  }
}

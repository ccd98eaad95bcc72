package org.kmodwatch.agent.config;

/**
 * Where something of a configuration stands.
 *
 * @param source a file's name, or the option of the command line
 * @param line from 1; 0 if the source has no lines
 * @param column from 1; 0 if the source has no lines
 */
public record Mark(String source, int line, int column) {

  /** On the command line. */
  public static Mark ofOption(String option) {
    return new Mark(option, 0, 0);
  }

  /** Such as {@code kmodwatch.yaml:12:5}. */
  @Override
  public String toString() {
    return line == 0 ? source : "%s:%d:%d".formatted(source, line, column);
  }
}

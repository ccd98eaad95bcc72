package org.kmodwatch.agent.config;

/**
 * A position in a configuration.
 *
 * @param source a file's name, or the option of the command line
 * @param line the line, from 1; 0 if the source has no lines
 * @param column the column, from 1; 0 if the source has no lines
 */
public record Mark(String source, int line, int column) {

  /** Returns the position of an option on the command line. */
  public static Mark ofOption(String option) {
    return new Mark(option, 0, 0);
  }

  /** Returns the position, such as {@code kmodwatch.yaml:12:5}. */
  @Override
  public String toString() {
    return line == 0 ? source : "%s:%d:%d".formatted(source, line, column);
  }
}

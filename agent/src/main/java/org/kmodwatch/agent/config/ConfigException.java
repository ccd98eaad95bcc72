package org.kmodwatch.agent.config;

import java.util.List;
import java.util.stream.Collectors;

/** Reports a configuration that cannot be used. The message has a line for each problem. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  /**
   * Creates an exception.
   *
   * @param problems all problems; at least one
   */
  public ConfigException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /** Returns all problems. */
  public List<Problem> problems() {
    return problems;
  }
}

package org.kmodwatch.agent.config;

import java.util.ArrayList;
import java.util.List;

/** Collects the errors in a configuration, so that all of them can be reported at once. */
public final class Problems {

  private static final int MOST_SHOWN = 60;

  /** The number of errors that are kept: more than a person reads at once. */
  private static final int MOST_KEPT = 100;

  private final List<Problem> problems = new ArrayList<>();

  /** Creates an empty collection. */
  public Problems() {}

  /** Adds an error. Only the first hundred are kept. */
  public void add(Mark mark, String path, String message) {
    if (problems.size() < MOST_KEPT) {
      problems.add(new Problem(mark, path, message));
    }
  }

  /** Returns all errors, in the order in which they were found. */
  public List<Problem> all() {
    return List.copyOf(problems);
  }

  /** Returns whether {@code path} or a part of it has an error. */
  public boolean isAnyWithin(String path) {
    return problems.stream()
        .map(Problem::path)
        .anyMatch(wrong -> wrong.equals(path) || wrong.startsWith(path + "."));
  }

  /**
   * Throws if the configuration has an error.
   *
   * @throws ConfigException with all problems
   */
  public void throwIfAny() {
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  /** Returns {@code text} for a message: short, in quotes. */
  static String shown(String text) {
    String cut = text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text;
    return "\"" + cut + "\"";
  }
}

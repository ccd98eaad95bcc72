package org.kmodwatch.agent.config;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a configuration, so that all of it can be said at once. */
public final class Problems {

  private static final int MOST_SHOWN = 60;

  /** More than anybody reads at once. */
  private static final int MOST_KEPT = 100;

  private final List<Problem> problems = new ArrayList<>();

  /** Makes an empty collection. */
  public Problems() {}

  /** Adds one. Past the first hundred they are not kept. */
  public void add(Mark mark, String path, String message) {
    if (problems.size() < MOST_KEPT) {
      problems.add(new Problem(mark, path, message));
    }
  }

  /** All of them, in the order in which they were found. */
  public List<Problem> all() {
    return List.copyOf(problems);
  }

  /** Whether anything is wrong at {@code path} or within it. */
  public boolean isAnyWithin(String path) {
    return problems.stream()
        .map(Problem::path)
        .anyMatch(wrong -> wrong.equals(path) || wrong.startsWith(path + "."));
  }

  /**
   * Ends the reading of a configuration if anything is wrong with it.
   *
   * @throws ConfigException with all problems
   */
  public void throwIfAny() {
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  /** {@code text} as a message quotes it: short, in quotes. */
  static String shown(String text) {
    String cut = text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text;
    return "\"" + cut + "\"";
  }
}

package org.kmodwatch.agent.shell;

/** Formats a number with its noun. */
public final class Counted {

  private Counted() {}

  /** Returns {@code 1 event}, {@code 2 events}. */
  public static String of(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }
}

package org.kmodwatch.agent.shell;

/** A number with what it counts, as English has it. */
public final class Counted {

  private Counted() {}

  /** {@code 1 event}, {@code 2 events}. */
  public static String of(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }
}

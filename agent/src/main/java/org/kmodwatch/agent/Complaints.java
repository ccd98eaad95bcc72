package org.kmodwatch.agent;

/**
 * Shows the first complaints of one kind and counts the rest, so that a bad input does not bury
 * what matters. Thread-safe.
 */
final class Complaints {

  /** How many of one kind are shown. */
  static final int SHOWN = 20;

  private final Shell shell;
  private final String kind;
  private long count;

  /**
   * Makes one.
   *
   * @param kind what they are, in the plural
   */
  Complaints(Shell shell, String kind) {
    this.shell = shell;
    this.kind = kind;
  }

  synchronized void add(String message) {
    count++;
    if (count <= SHOWN) {
      shell.note(message);
    }
  }

  synchronized long count() {
    return count;
  }

  /** Says how many were not shown. */
  synchronized void finish() {
    if (count > SHOWN) {
      shell.note("and %d more %s".formatted(count - SHOWN, kind));
    }
  }
}

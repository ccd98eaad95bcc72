package org.kmodwatch.agent.shell;

/**
 * Shows the first complaints of one kind and counts the rest, so that a bad input does not bury
 * what matters. Thread-safe.
 */
public final class Complaints {

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
  public Complaints(Shell shell, String kind) {
    this.shell = shell;
    this.kind = kind;
  }

  public synchronized void add(String message) {
    count++;
    if (count <= SHOWN) {
      shell.note(message);
    }
  }

  public synchronized long count() {
    return count;
  }

  /** Says how many were not shown. */
  public synchronized void finish() {
    if (count > SHOWN) {
      shell.note("and %d more %s".formatted(count - SHOWN, kind));
    }
  }
}

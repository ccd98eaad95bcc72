package org.kmodwatch.agent.shell;

/**
 * Shows the first complaints of a kind and counts the rest, so that bad input does not hide other
 * messages. Thread-safe.
 */
public final class Complaints {

  /** Limits the complaints that are shown. */
  static final int SHOWN = 20;

  private final Shell shell;
  private final String kind;
  private long count;

  /**
   * Creates a counter of one kind of complaint.
   *
   * @param kind the name of the kind, in the plural
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

  /** Reports the number of complaints that were not shown. */
  public synchronized void finish() {
    if (count > SHOWN) {
      shell.note("and %d more %s".formatted(count - SHOWN, kind));
    }
  }
}

package org.kmodwatch.agent.shell;

/**
 * Defines the exit status of every command of {@code kmodwatch}. The numbers from 64 on are those
 * of sysexits.h.
 */
public final class ExitStatus {

  /** The command succeeded. */
  public static final int OK = 0;

  /**
   * The command succeeded, and there were findings that {@code --fail-on} names, or alerts with
   * {@code --fail-on-alert}.
   */
  public static final int FINDINGS = 1;

  /** EX_USAGE: the command line is wrong. */
  public static final int USAGE = 64;

  /** EX_DATAERR: the input is bad, with {@code --strict} or in a file given to {@code inspect}. */
  public static final int BAD_INPUT = 65;

  /**
   * EX_UNAVAILABLE: a requirement is missing: a kernel feature, a privilege, a program, a file to
   * read.
   */
  public static final int UNAVAILABLE = 69;

  /** EX_SOFTWARE: a fault of Kmodwatch, or a failed write of the output. */
  public static final int INTERNAL = 70;

  /**
   * EX_TEMPFAIL: a requirement is missing for now: memory, descriptors, room in a trampoline, a
   * writable disk. A service manager tries again.
   */
  public static final int TEMPORARY = 75;

  private ExitStatus() {}
}

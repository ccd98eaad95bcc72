package org.kmodwatch.agent.shell;

/** What every command of {@code kmodwatch} ends with; the numbers from 64 on are sysexits.h's. */
public final class ExitStatus {

  /** Done. */
  public static final int OK = 0;

  /** Done, and there were findings that a {@code --fail-on} asked to fail on. */
  public static final int FINDINGS = 1;

  /** EX_USAGE: the command line is wrong. */
  public static final int USAGE = 64;

  /**
   * EX_DATAERR: the input is bad, where {@code --strict} asked to say so, or where it is a file
   * that was given to {@code inspect}.
   */
  public static final int BAD_INPUT = 65;

  /**
   * EX_UNAVAILABLE: what is needed is not there: a kernel feature, a privilege, a program, a file
   * to read.
   */
  public static final int UNAVAILABLE = 69;

  /** EX_SOFTWARE: a fault of ours, or nowhere to write to. */
  public static final int INTERNAL = 70;

  /**
   * EX_TEMPFAIL: what is needed is not there now and may come: memory, descriptors, room in a
   * trampoline, a disk that can be written to. A service tries again.
   */
  public static final int TEMPORARY = 75;

  private ExitStatus() {}
}

package org.kmodwatch.agent.shell;

import org.jspecify.annotations.Nullable;

/**
 * Ends a command. The message is shown as one line on standard error, so it states the problem and
 * the remedy. The stack trace is shown with {@code --debug} only.
 */
public final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitStatus;

  /**
   * Creates an exception without a cause.
   *
   * @param exitStatus a value of {@link ExitStatus}
   * @param message a line for a person
   */
  public CommandException(int exitStatus, String message) {
    this(exitStatus, message, null);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param exitStatus a value of {@link ExitStatus}
   * @param message a line for a person
   * @param cause the cause, shown with {@code --debug}; null for none
   */
  public CommandException(int exitStatus, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitStatus = exitStatus;
  }

  /** Returns the exit status of the process. */
  public int exitStatus() {
    return exitStatus;
  }
}

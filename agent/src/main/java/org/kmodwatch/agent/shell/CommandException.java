package org.kmodwatch.agent.shell;

import org.jspecify.annotations.Nullable;

/**
 * Ends a command. The message is shown as one line on standard error, so it says what is wrong and
 * what to do about it; the stack trace is shown with {@code --debug} only.
 */
public final class CommandException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitStatus;

  /**
   * Makes one.
   *
   * @param exitStatus one of {@link ExitStatus}
   * @param message one line for a person
   */
  public CommandException(int exitStatus, String message) {
    this(exitStatus, message, null);
  }

  /**
   * Makes one with what caused it.
   *
   * @param exitStatus one of {@link ExitStatus}
   * @param message one line for a person
   * @param cause shown with {@code --debug}; null for none
   */
  public CommandException(int exitStatus, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitStatus = exitStatus;
  }

  /** What the process ends with. */
  public int exitStatus() {
    return exitStatus;
  }
}

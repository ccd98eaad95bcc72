package org.kmodwatch.sensor.kernel;

/** A native call failed. The message is one line: what failed and the errno's name. */
public final class KernelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String message;

  KernelException(String what, int errno) {
    this.message = what + ": " + Errnos.describe(errno);
  }

  KernelException(String what, Throwable cause) {
    super(cause);
    this.message = what;
  }

  @Override
  public String getMessage() {
    return message;
  }
}

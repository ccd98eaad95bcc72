package org.kmodwatch.sensor.kernel;

/** A native call failed. The message is one line: what failed and the errno's name. */
public final class KernelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String message;
  private final int errno;

  KernelException(String what, int errno) {
    this.message = what + ": " + Errnos.describe(errno);
    this.errno = errno;
  }

  KernelException(String what, Throwable cause) {
    super(cause);
    this.message = what;
    this.errno = 0;
  }

  @Override
  public String getMessage() {
    return message;
  }

  /** The errno; 0 if the call did not fail with one. */
  public int errno() {
    return errno;
  }
}

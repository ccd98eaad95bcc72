package org.kmodwatch.sensor.kernel;

/**
 * Reports a failed native call. The message is one line: the call that failed and the errno's name.
 */
public final class KernelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String message;
  private final boolean mayPass;

  KernelException(String what, int errno) {
    this.message = what + ": " + Errnos.describe(errno) + Errnos.remedy(errno);
    this.mayPass = Errnos.mayPass(errno);
  }

  KernelException(String what) {
    this.message = what;
    this.mayPass = false;
  }

  KernelException(String what, Throwable cause) {
    super(cause);
    this.message = what;
    this.mayPass = false;
  }

  /** Returns whether the same call may succeed later, for example when memory was short. */
  public boolean mayPass() {
    return mayPass;
  }

  @Override
  public String getMessage() {
    return message;
  }
}

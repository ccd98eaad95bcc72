package org.kmodwatch.sensor;

/**
 * Reports that the sensor cannot work here. The message is one line that a person can act on: the
 * failure, the kernel's reason and the remedy.
 */
public final class SensorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String verifierLog;
  private final boolean mayPass;

  /**
   * Creates an exception for a permanent failure.
   *
   * @param message one line: the failure, the reason and the remedy
   * @param verifierLog the verifier's whole log, for {@code --debug}; empty if the verifier wrote
   *     nothing
   */
  public SensorException(String message, String verifierLog) {
    this(message, verifierLog, false);
  }

  /**
   * Creates an exception.
   *
   * @param message one line: the failure, the reason and the remedy
   * @param verifierLog the verifier's whole log, for {@code --debug}; empty if the verifier wrote
   *     nothing
   * @param mayPass whether the next start may succeed with no change
   */
  public SensorException(String message, String verifierLog, boolean mayPass) {
    super(message);
    this.verifierLog = verifierLog;
    this.mayPass = mayPass;
  }

  /** Returns the verifier's whole log; empty if the verifier wrote nothing. */
  public String verifierLog() {
    return verifierLog;
  }

  /**
   * Returns whether the next start may succeed with no change, for example when memory was short.
   */
  public boolean mayPass() {
    return mayPass;
  }
}

package org.kmodwatch.sensor;

/**
 * The sensor cannot work here. The message is one line that a person can act on: what failed, the
 * kernel's reason, the remedy.
 */
public final class SensorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String verifierLog;
  private final boolean mayPass;

  /**
   * Makes one for what does not change by itself.
   *
   * @param message one line: what failed, why, what to do
   * @param verifierLog the verifier's whole log, for {@code --debug}; empty if the verifier did not
   *     speak
   */
  public SensorException(String message, String verifierLog) {
    this(message, verifierLog, false);
  }

  /**
   * Makes one.
   *
   * @param message one line: what failed, why, what to do
   * @param verifierLog the verifier's whole log, for {@code --debug}; empty if the verifier did not
   *     speak
   * @param mayPass whether the next start may succeed with nothing changed
   */
  public SensorException(String message, String verifierLog, boolean mayPass) {
    super(message);
    this.verifierLog = verifierLog;
    this.mayPass = mayPass;
  }

  /** The verifier's whole log; empty if the verifier did not speak. */
  public String verifierLog() {
    return verifierLog;
  }

  /** Whether the next start may succeed with nothing changed, as when memory is short. */
  public boolean mayPass() {
    return mayPass;
  }
}

package org.kmodwatch.sensor;

/**
 * The sensor cannot work here. The message is one line that a person can act on: what failed, the
 * kernel's reason, the remedy.
 */
public final class SensorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String verifierLog;

  /**
   * Makes one.
   *
   * @param message one line: what failed, why, what to do
   * @param verifierLog the verifier's whole log, for {@code --debug}; empty if the verifier did not
   *     speak
   */
  public SensorException(String message, String verifierLog) {
    super(message);
    this.verifierLog = verifierLog;
  }

  /** The verifier's whole log; empty if the verifier did not speak. */
  public String verifierLog() {
    return verifierLog;
  }
}

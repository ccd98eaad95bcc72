package org.kmodwatch.agent;

/** Does something at SIGHUP, which ends the process otherwise. */
final class HangUp {

  private HangUp() {}

  /**
   * From now on {@code action} is what SIGHUP does.
   *
   * @param action runs on a thread of its own for each signal
   */
  static void handle(Runnable action) {
    Signals.handle("HUP", action);
  }
}

package org.kmodwatch.agent.shell;

import java.util.concurrent.atomic.AtomicBoolean;

/** Whether somebody has asked for an early end. */
public interface Interruption extends AutoCloseable {

  /** Is asked often. */
  boolean isAsked();

  /** Signals are again what they were. */
  @Override
  default void close() {}

  /**
   * By SIGINT, SIGTERM, or SIGHUP, as when the terminal goes; a second one ends the process at
   * once.
   */
  static Interruption bySignals() {
    var asked = new AtomicBoolean();
    Signals.Handling interrupt = Signals.once("INT", () -> asked.set(true));
    Signals.Handling termination = Signals.once("TERM", () -> asked.set(true));
    Signals.Handling hangup = Signals.once("HUP", () -> asked.set(true));
    return new Interruption() {
      @Override
      public boolean isAsked() {
        return asked.get();
      }

      @Override
      public void close() {
        interrupt.close();
        termination.close();
        hangup.close();
      }
    };
  }
}

package org.kmodwatch.agent.shell;

import java.util.concurrent.atomic.AtomicBoolean;

/** Reports whether the user asked for an early end. */
public interface Interruption extends AutoCloseable {

  /** Returns whether an early end was requested. It is called often. */
  boolean isAsked();

  /** Restores the earlier signal handlers. */
  @Override
  default void close() {}

  /**
   * Returns an interruption by SIGINT, SIGTERM, or SIGHUP, which a closed terminal sends. A second
   * signal ends the process at once.
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

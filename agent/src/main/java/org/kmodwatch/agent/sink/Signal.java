package org.kmodwatch.agent.sink;

import java.time.Duration;

/** Wakes a thread that waits for work or for a timeout. Thread-safe. */
final class Signal {
  private boolean raised;

  synchronized void raise() {
    raised = true;
    notifyAll();
  }

  /** Waits until the signal was raised since the last wait, at most {@code atMost}. */
  synchronized void await(Duration atMost) throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    long left;
    while (!raised && (left = end - System.nanoTime()) > 0) {
      wait(left / 1_000_000 + 1);
    }
    raised = false;
  }
}

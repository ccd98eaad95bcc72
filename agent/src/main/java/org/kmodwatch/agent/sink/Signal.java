package org.kmodwatch.agent.sink;

import java.time.Duration;

/** Wakes a thread up that waits for work or for time to pass. Thread-safe. */
final class Signal {
  private boolean raised;

  synchronized void raise() {
    raised = true;
    notifyAll();
  }

  /** Waits until raised since the last wait, or the time is over. */
  synchronized void await(Duration atMost) throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    long left;
    while (!raised && (left = end - System.nanoTime()) > 0) {
      wait(left / 1_000_000 + 1);
    }
    raised = false;
  }
}

package org.kmodwatch.core.read;

import org.kmodwatch.core.event.Event;

/**
 * Receives the results of {@link EventReader}, in the order of the lines and on the reader's
 * thread. The reader lets exceptions of the handler pass unchanged.
 */
public interface EventHandler {

  /** Receives an event. */
  void onEvent(Event event);

  /** Receives a line that is not an event. */
  void onBadLine(BadLine line);
}

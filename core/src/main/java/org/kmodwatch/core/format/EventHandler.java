package org.kmodwatch.core.format;

import org.kmodwatch.core.event.Event;

/**
 * Takes what {@link EventReader} reads, in the order of the lines and on the reader's thread. What
 * it throws comes out of the reader unchanged.
 */
public interface EventHandler {

  /** A line was an event. */
  void onEvent(Event event);

  /** A line was no event. */
  void onBadLine(BadLine line);
}

package org.kmodwatch.core.signature;

import java.util.List;
import org.kmodwatch.core.event.Event;

/**
 * Code that selects events and raises findings. {@link java.util.ServiceLoader} finds it, so an
 * implementation has a public constructor without parameters.
 *
 * <p>A signature may keep state between events: an engine calls it from one thread at a time. It
 * starts no thread and does no input or output. It takes the time from the events.
 */
public interface Signature {

  /** Returns the description of this signature. Every call returns the same value. */
  SignatureMetadata metadata();

  /**
   * Returns the selectors of this signature. The engine reads them once, when it is built. An event
   * that several selectors match is passed once.
   */
  List<EventSelector> selectedEvents();

  /** Prepares the signature. The engine calls this method once before the first event. */
  default void start() {}

  /**
   * Judges an event. The engine calls this method for each selected event.
   *
   * @param event the event
   * @param verdict receives the signature's results on the event; not to be used after this call
   */
  void onEvent(Event event, Verdict verdict);

  /** Ends the signature. The engine calls this method once after the last event. */
  default void close() {}
}

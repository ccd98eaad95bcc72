package org.kmodwatch.core.signature;

import java.util.List;
import org.kmodwatch.core.event.Event;

/**
 * Code that selects events and raises findings. Found with {@link java.util.ServiceLoader}, so an
 * implementation has a public constructor without parameters.
 *
 * <p>A signature may keep state between events: one engine calls it from one thread at a time. It
 * starts no thread and does no input or output; time comes from the events.
 */
public interface Signature {

  /** What this signature is. The same value at every call. */
  SignatureMetadata metadata();

  /**
   * The events it wants; read once, when the engine is built. An event that several of them match
   * comes once.
   */
  List<EventSelector> selectedEvents();

  /** Called once before the first event. */
  default void start() {}

  /**
   * Called for each selected event.
   *
   * @param event the event
   * @param verdict takes what the signature has to say about it; not to be used after this call
   */
  void onEvent(Event event, Verdict verdict);

  /** Called once after the last event. */
  default void close() {}
}

package org.kmodwatch.core.engine;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/** Receives the results of an {@link Engine}, on the thread that called the engine. */
public interface EngineListener {

  /** Receives a finding of a signature. */
  void onFinding(Finding finding);

  /**
   * Receives an event that a signature could not judge, because its producer wrote something
   * invalid.
   *
   * @param reason the error, in words for a person
   */
  void onMalformed(SignatureMetadata signature, Event event, String reason);

  /**
   * Receives an exception of a signature. The other signatures still receive the event, and this
   * one receives the next.
   *
   * @param phase where the signature threw
   */
  void onFailure(SignatureMetadata signature, Phase phase, Throwable failure);

  /** The method in which a signature threw. */
  enum Phase {
    /** {@code start} threw. The engine leaves the signature out from then on. */
    START,
    /** {@code onEvent} threw. */
    EVENT,
    /** {@code close} threw. */
    CLOSE
  }
}

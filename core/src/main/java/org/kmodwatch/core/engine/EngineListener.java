package org.kmodwatch.core.engine;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/** Takes what comes out of an {@link Engine}; called on the thread that called the engine. */
public interface EngineListener {

  /** A signature raised a finding. */
  void onFinding(Finding finding);

  /**
   * A signature could not judge an event because its producer wrote something that cannot be right.
   *
   * @param reason what is wrong, for a person
   */
  void onMalformed(SignatureMetadata signature, Event event, String reason);

  /**
   * A signature threw. The others get the event all the same, and this one gets the next.
   *
   * @param phase where it threw
   */
  void onFailure(SignatureMetadata signature, Phase phase, Throwable failure);

  /** Where a signature was when it threw. */
  enum Phase {
    /** In {@code start}: the signature is left out from then on. */
    START,
    /** In {@code onEvent}. */
    EVENT,
    /** In {@code close}. */
    CLOSE
  }
}

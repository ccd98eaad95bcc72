package org.kmodwatch.core.engine;

import java.util.List;

/**
 * Holds the counters of an engine.
 *
 * @param events events that the engine received
 * @param signatures one entry for each signature, in the order of registration
 */
public record EngineStatistics(long events, List<OfSignature> signatures) {

  /** Copies the list. */
  public EngineStatistics {
    signatures = List.copyOf(signatures);
  }

  /**
   * Holds the counters of one signature.
   *
   * @param id the signature's id
   * @param received selected events that the signature received
   * @param findings findings that it raised
   * @param malformed events that it could not judge
   * @param failures exceptions that it threw
   */
  public record OfSignature(
      String id, long received, long findings, long malformed, long failures) {}
}

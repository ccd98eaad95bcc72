package org.kmodwatch.core.engine;

import java.util.List;

/**
 * An engine's account.
 *
 * @param events events it was given
 * @param signatures one entry a signature, in the order of registration
 */
public record EngineStatistics(long events, List<OfSignature> signatures) {

  /** Copies the list. */
  public EngineStatistics {
    signatures = List.copyOf(signatures);
  }

  /**
   * One signature's account.
   *
   * @param id the signature's id
   * @param received selected events it was given
   * @param findings findings it raised
   * @param malformed events that it could not judge
   * @param failures times that it threw
   */
  public record OfSignature(
      String id, long received, long findings, long malformed, long failures) {}
}

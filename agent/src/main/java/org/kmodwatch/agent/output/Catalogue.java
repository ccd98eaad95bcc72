package org.kmodwatch.agent.output;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * The installed signatures, found by id, because a load record holds only the ids of its findings.
 * Immutable.
 */
public final class Catalogue {

  private final Map<String, SignatureMetadata> byId;

  private Catalogue(Map<String, SignatureMetadata> byId) {
    this.byId = Map.copyOf(byId);
  }

  /** Returns a catalogue of {@code signatures}. */
  public static Catalogue of(List<Signature> signatures) {
    var byId = new HashMap<String, SignatureMetadata>();
    signatures.forEach(signature -> byId.put(signature.metadata().id(), signature.metadata()));
    return new Catalogue(byId);
  }

  /**
   * Returns the signatures with a finding on {@code load}, the most severe first. Unknown ids are
   * left out.
   */
  public List<SignatureMetadata> of(LoadRecord load) {
    return load.findings().stream()
        .map(byId::get)
        .filter(Objects::nonNull)
        .sorted(
            Comparator.comparingInt(SignatureMetadata::severity)
                .reversed()
                .thenComparing(SignatureMetadata::id))
        .toList();
  }

  /** Returns the highest severity of the signatures on {@code notice}; 0 without a signature. */
  public int severityOf(Notice.Report notice) {
    return switch (notice) {
      case Notice.OfFinding(var finding) -> finding.metadata().severity();
      case Notice.OfLoad(LoadRecord load) ->
          load.findings().stream()
              .map(byId::get)
              .filter(Objects::nonNull)
              .mapToInt(SignatureMetadata::severity)
              .max()
              .orElse(0);
      case Notice.OfAlert(var alert) -> alert.severity();
    };
  }
}

package org.kmodwatch.agent.output;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;

/** The signatures that are installed, by id: a load only has the ids of its findings. Immutable. */
public final class Catalogue {

  private final Map<String, SignatureMetadata> byId;

  private Catalogue(Map<String, SignatureMetadata> byId) {
    this.byId = Map.copyOf(byId);
  }

  /** Of these signatures. */
  public static Catalogue of(List<Signature> signatures) {
    var byId = new HashMap<String, SignatureMetadata>();
    signatures.forEach(signature -> byId.put(signature.metadata().id(), signature.metadata()));
    return new Catalogue(byId);
  }

  /** Those that spoke on {@code load}, the most severe first; one that is not known is left out. */
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

  /** How severe the most severe signature on it is; 0 where none spoke. */
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

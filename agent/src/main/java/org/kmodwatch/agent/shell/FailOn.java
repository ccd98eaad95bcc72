package org.kmodwatch.agent.shell;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.kmodwatch.agent.config.Nearest;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.signature.Signature;

/** The findings that make a command fail. */
public final class FailOn {

  private static final String ANY = "any";

  private final Set<String> ids;

  private FailOn(Set<String> ids) {
    this.ids = ids;
  }

  /**
   * Returns the selection of the signatures named by {@code ids}.
   *
   * @throws CommandException if no signature has such an id: a misspelt id would never fail
   */
  public static FailOn of(List<String> ids, List<Signature> signatures) {
    List<String> known = signatures.stream().map(s -> s.metadata().id()).toList();
    for (String id : ids) {
      if (!id.equals(ANY) && !known.contains(id)) {
        throw new CommandException(
            ExitStatus.USAGE,
            "no such signature%s: --fail-on %s (there are any, %s)"
                .formatted(Nearest.hint(id, known), id, String.join(", ", known)));
      }
    }
    return new FailOn(Set.copyOf(ids));
  }

  /** Returns 1 if a selected finding was raised, else 0. */
  public int exitStatus(EngineStatistics statistics) {
    Set<String> raised =
        statistics.signatures().stream()
            .filter(s -> s.findings() > 0)
            .map(EngineStatistics.OfSignature::id)
            .collect(Collectors.toSet());
    boolean failed =
        ids.contains(ANY) ? !raised.isEmpty() : raised.stream().anyMatch(ids::contains);
    return failed ? ExitStatus.FINDINGS : ExitStatus.OK;
  }
}

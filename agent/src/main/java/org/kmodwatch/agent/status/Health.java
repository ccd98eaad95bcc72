package org.kmodwatch.agent.status;

import java.util.List;

/**
 * Whether all is well.
 *
 * @param troubles what is not, for a person; empty if all is well
 */
public record Health(List<String> troubles) {

  /** Copies the list. */
  public Health {
    troubles = List.copyOf(troubles);
  }

  boolean isWell() {
    return troubles.isEmpty();
  }
}

package org.kmodwatch.agent.status;

import java.util.List;

/**
 * Reports the health of the agent.
 *
 * @param troubles the problems, for a person; empty if there are none
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

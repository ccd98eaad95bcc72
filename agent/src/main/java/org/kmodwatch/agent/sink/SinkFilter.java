package org.kmodwatch.agent.sink;

import java.util.EnumSet;
import java.util.Set;
import org.kmodwatch.agent.output.Notice;

/**
 * Which notices a sink takes.
 *
 * @param kinds of which kinds
 * @param minSeverity from which severity on, 0 to 3; 0 for all
 */
public record SinkFilter(Set<Notice.Kind> kinds, int minSeverity) {

  /** Findings and load records, of any severity. */
  public static final SinkFilter FINDINGS_AND_LOADS =
      new SinkFilter(EnumSet.of(Notice.Kind.FINDING, Notice.Kind.LOAD), 0);

  /** Load records alone. */
  public static final SinkFilter LOADS = new SinkFilter(EnumSet.of(Notice.Kind.LOAD), 0);

  /** Copies the set. */
  public SinkFilter {
    kinds = Set.copyOf(kinds);
  }

  boolean takes(Notice.Kind kind, int severity) {
    return kinds.contains(kind) && severity >= minSeverity;
  }
}

package org.kmodwatch.agent.sink;

import java.util.EnumSet;
import java.util.Set;
import org.kmodwatch.agent.output.Notice;

/**
 * A filter selects the notices that a sink takes.
 *
 * @param kinds the kinds of notices
 * @param minSeverity the lowest severity, 0 to 3; 0 for all
 */
public record SinkFilter(Set<Notice.Kind> kinds, int minSeverity) {

  /** Takes findings and load records of any severity. */
  public static final SinkFilter FINDINGS_AND_LOADS =
      new SinkFilter(EnumSet.of(Notice.Kind.FINDING, Notice.Kind.LOAD), 0);

  /** Takes only load records. */
  public static final SinkFilter LOADS = new SinkFilter(EnumSet.of(Notice.Kind.LOAD), 0);

  /** Copies the set. */
  public SinkFilter {
    kinds = Set.copyOf(kinds);
  }

  boolean takes(Notice.Kind kind, int severity) {
    return kinds.contains(kind) && severity >= minSeverity;
  }
}

package org.kmodwatch.agent.pipeline;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.identity.RecentMap;
import org.kmodwatch.core.load.LoadRecord;

/**
 * Keeps the facts of loads that were reported before their call returned. A later record replaces
 * such a record. It raises only its new findings. One thread.
 */
public final class FirstRecords {

  /** The number of calls whose return the load tracker waits for. */
  static final int MAX = 4096;

  private final Map<String, First> byId = new RecentMap<>(MAX);

  /**
   * Holds the reported facts of a load.
   *
   * @param turn the number of records of the load so far
   */
  record First(
      int turn,
      LoadRecord.Outcome outcome,
      @Nullable String errno,
      List<String> findings,
      LoadRecord.@Nullable Policy policy) {

    /**
     * Returns whether {@code record} has an outcome, an error, a finding or a verdict that was not
     * reported yet.
     */
    boolean isNewsIn(LoadRecord record) {
      return record.outcome() != outcome
          || !Objects.equals(record.errno(), errno)
          || !findings.containsAll(record.findings())
          || !Objects.equals(record.policy(), policy);
    }
  }

  /**
   * Returns the reported facts of the record that {@code record} replaces; null if it replaces
   * none, or an unknown one.
   */
  @Nullable First of(LoadRecord record) {
    return record.replacesAnother() ? byId.get(record.id()) : null;
  }

  /** Notes a record that has its findings and its verdict. Returns its turn. */
  int add(LoadRecord record) {
    First before = of(record);
    // An earlier agent reported an unknown first record.
    int turn = before != null ? before.turn() + 1 : record.replacesAnother() ? 2 : 1;
    byId.remove(record.id());
    if (record.mayBeReplaced()) {
      byId.put(
          record.id(),
          new First(turn, record.outcome(), record.errno(), record.findings(), record.policy()));
    }
    return turn;
  }
}

package org.kmodwatch.agent.pipeline;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.identity.RecentMap;
import org.kmodwatch.core.load.LoadRecord;

/**
 * What was told of loads whose call had not returned by then: the record that replaces such a one
 * raises what is new in it, and nothing for a second time. One thread.
 */
public final class FirstRecords {

  /** As many calls as the load tracker waits for the return of. */
  static final int MAX = 4096;

  private final Map<String, First> byId = new RecentMap<>(MAX);

  /**
   * What was told of a load.
   *
   * @param turn how many records of it there were
   */
  record First(
      int turn,
      LoadRecord.Outcome outcome,
      @Nullable String errno,
      List<String> findings,
      LoadRecord.@Nullable Policy policy) {

    /** Whether {@code record} says what somebody who looks after findings has not heard yet. */
    boolean isNewsIn(LoadRecord record) {
      return record.outcome() != outcome
          || !Objects.equals(record.errno(), errno)
          || !findings.containsAll(record.findings())
          || !Objects.equals(record.policy(), policy);
    }
  }

  /** What was told of the load before that {@code record} replaces; null if it does not. */
  @Nullable First of(LoadRecord record) {
    return record.replacesAnother() ? byId.get(record.id()) : null;
  }

  /** Takes notice of a record, complete with findings and what the policy says; its turn. */
  int add(LoadRecord record) {
    First before = of(record);
    // Where there is none, an agent before this one told it.
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

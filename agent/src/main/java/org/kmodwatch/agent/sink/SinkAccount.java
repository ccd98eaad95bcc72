package org.kmodwatch.agent.sink;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/**
 * An account counts the items of a sink at one moment: carriedOver + taken = delivered + refused +
 * forcedOut + lost + pending.
 *
 * @param name the name of the sink
 * @param carriedOver the items that the spool held when the sink was opened
 * @param taken the items that the sink took since then
 * @param spooled the taken items that were written to disk
 * @param delivered the items that the receiver acknowledged
 * @param refused the items dropped because the receiver rejected them
 * @param forcedOut the items dropped, the oldest first, because the spool was full
 * @param lost the lost items, by reason
 * @param pending the items in memory or on disk that are still to be sent
 * @param failingSince the time since which the receiver or the disk accepts nothing; null if both
 *     work
 */
public record SinkAccount(
    String name,
    long carriedOver,
    long taken,
    long spooled,
    long delivered,
    long refused,
    long forcedOut,
    Map<LossReason, Long> lost,
    long pending,
    @Nullable Instant failingSince) {

  /** Copies the map. */
  public SinkAccount {
    var copy = new EnumMap<LossReason, Long>(LossReason.class);
    copy.putAll(lost);
    lost = Collections.unmodifiableMap(copy);
  }

  /** Returns this account after the end of the sink, which then no longer fails. */
  SinkAccount ended() {
    return new SinkAccount(
        name, carriedOver, taken, spooled, delivered, refused, forcedOut, lost, pending, null);
  }

  /** Returns this account under another name. */
  SinkAccount named(String newName) {
    return new SinkAccount(
        newName,
        carriedOver,
        taken,
        spooled,
        delivered,
        refused,
        forcedOut,
        lost,
        pending,
        failingSince);
  }

  /** Returns the sum of both accounts, under this account's name. */
  SinkAccount plus(SinkAccount other) {
    var sum = new EnumMap<LossReason, Long>(LossReason.class);
    sum.putAll(lost);
    other.lost.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
    return new SinkAccount(
        name,
        carriedOver + other.carriedOver,
        taken + other.taken,
        spooled + other.spooled,
        delivered + other.delivered,
        refused + other.refused,
        forcedOut + other.forcedOut,
        sum,
        pending + other.pending,
        failingSince == null ? other.failingSince : failingSince);
  }

  /** Returns the number of lost items, over all reasons. */
  public long lostInAll() {
    return lost.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns whether the account is balanced. */
  public boolean isBalanced() {
    return carriedOver + taken == delivered + refused + forcedOut + lostInAll() + pending;
  }

  /**
   * Returns a line for a person, such as {@code webhook: delivered 12, refused 0, dropped or lost
   * 0, waiting 3}.
   */
  @Override
  public String toString() {
    return "%s: delivered %d, refused %d, dropped or lost %d, waiting %d"
        .formatted(name, delivered, refused, forcedOut + lostInAll(), pending);
  }

  /** Returns the account in the form of the ledger. */
  public Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("name", Value.of(name));
    json.put("carriedOver", Value.of(carriedOver));
    json.put("taken", Value.of(taken));
    json.put("spooled", Value.of(spooled));
    json.put("delivered", Value.of(delivered));
    json.put("refused", Value.of(refused));
    json.put("forcedOut", Value.of(forcedOut));
    json.put("lost", Value.of(lostInAll()));
    var byReason = new LinkedHashMap<String, Value>();
    for (LossReason reason : LossReason.values()) {
      byReason.put(reason.word(), Value.of(lost.getOrDefault(reason, 0L)));
    }
    json.put("lostByReason", new Value.Obj(byReason));
    json.put("pending", Value.of(pending));
    if (failingSince != null) {
      json.put("failingSince", Value.of(failingSince.toString()));
    }
    return new Value.Obj(json);
  }
}

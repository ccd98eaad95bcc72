package org.kmodwatch.agent.sink;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/**
 * A sink's account at one moment: carriedOver + taken = delivered + refused + forcedOut + lost +
 * pending.
 *
 * @param name what the sink is called
 * @param carriedOver what the spool held when the sink was opened
 * @param taken findings and loads handed to the sink since then
 * @param spooled those of them that were written to disk
 * @param delivered acknowledged by the receiver
 * @param refused dropped because the receiver refused that very item
 * @param forcedOut dropped, the oldest first, because the spool was full
 * @param lost by reason
 * @param pending in memory or on disk, still to be sent
 * @param failingSince since when nothing gets through to the receiver or to disk; null if it does
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

  /** The same once the sink is gone: it fails no more. */
  SinkAccount ended() {
    return new SinkAccount(
        name, carriedOver, taken, spooled, delivered, refused, forcedOut, lost, pending, null);
  }

  /** The same under another name. */
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

  /** The sum of both, under this one's name. */
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

  /** How many were lost in all. */
  public long lostInAll() {
    return lost.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Whether it adds up. */
  public boolean isBalanced() {
    return carriedOver + taken == delivered + refused + forcedOut + lostInAll() + pending;
  }

  /**
   * For a person, such as {@code webhook: delivered 12, refused 0, dropped or lost 0, waiting 3}.
   */
  @Override
  public String toString() {
    return "%s: delivered %d, refused %d, dropped or lost %d, waiting %d"
        .formatted(name, delivered, refused, forcedOut + lostInAll(), pending);
  }

  /** What the ledger says. */
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

package org.kmodwatch.agent.policy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;

/**
 * An ordered list of rules. The first whose condition holds speaks, or whose condition cannot be
 * evaluated, if it alerts; where none does, a load with findings is to be looked at. It never hides
 * a record or a finding: it says what alerts.
 *
 * <p>One thread; {@link #account} is for the same one.
 */
public final class Policy {

  private final List<Entry> entries;
  private final Consumer<String> notes;
  private long unmatched;

  private Policy(List<Entry> entries, Consumer<String> notes) {
    this.entries = List.copyOf(entries);
    this.notes = notes;
  }

  /** A rule and how often it spoke. */
  private static final class Entry {
    private final Rule rule;
    private final Condition condition;
    private long hits;
    private long failures;
    private @Nullable Instant lastHit;
    private boolean expiryTold;

    Entry(Rule rule, Condition condition) {
      this.rule = rule;
      this.condition = condition;
    }
  }

  /** No rules: every load with findings is to be looked at, and no record says so. */
  public static Policy none() {
    return new Policy(List.of(), note -> {});
  }

  /**
   * Of rules with their conditions.
   *
   * @param conditions one for each rule, in order
   * @param notes takes lines for a person
   */
  static Policy of(List<Rule> rules, List<Condition> conditions, Consumer<String> notes) {
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < rules.size(); i++) {
      entries.add(new Entry(rules.get(i), conditions.get(i)));
    }
    return new Policy(entries, notes);
  }

  /** Whether it has rules. */
  public boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Its rules, in order. */
  public List<Rule> rules() {
    return entries.stream().map(entry -> entry.rule).toList();
  }

  /**
   * The record with what the policy says of it; without a rule, the record as it is.
   *
   * @param record complete, with its findings
   * @param now by which rules expire
   */
  public LoadRecord apply(LoadRecord record, Instant now) {
    return entries.isEmpty() ? record : record.withPolicy(verdict(record, now));
  }

  private LoadRecord.Policy verdict(LoadRecord record, Instant now) {
    for (Entry entry : entries) {
      if (!speaks(entry, now)) {
        continue;
      }
      switch (entry.condition.of(record)) {
        case Condition.Answer.Plain.YES -> {
          return spoken(entry, now);
        }
        case Condition.Answer.Plain.NO, Condition.Answer.Plain.NOT_KNOWN -> {}
        case Condition.Answer.Failed(String why) -> {
          boolean alerts = entry.rule.verdict() == Verdict.ALERT;
          if (entry.failures++ == 0) {
            notes.accept(
                "policy: the condition of the rule %s failed, so it %s; counted from now on: %s"
                    .formatted(
                        entry.rule.name(),
                        alerts ? "speaks as if it held" : "does not speak",
                        why));
          }
          if (alerts) {
            return spoken(entry, now);
          }
        }
      }
    }
    unmatched++;
    return new LoadRecord.Policy(
        record.findings().isEmpty() ? Verdict.EXPECTED : Verdict.ALERT, null);
  }

  private static LoadRecord.Policy spoken(Entry entry, Instant now) {
    entry.hits++;
    entry.lastHit = now;
    return new LoadRecord.Policy(entry.rule.verdict(), entry.rule.name());
  }

  private boolean speaks(Entry entry, Instant now) {
    if (!entry.rule.isExpired(now)) {
      return true;
    }
    if (!entry.expiryTold) {
      entry.expiryTold = true;
      notes.accept(
          "policy: the rule %s expired at %s and does not speak; owner: %s"
              .formatted(entry.rule.name(), entry.rule.expires(), entry.rule.owner()));
    }
    return false;
  }

  /** Tells of the rules that have expired by {@code now}, each once. */
  public void tellExpired(Instant now) {
    entries.forEach(entry -> speaks(entry, now));
  }

  /** The names of the rules that have not spoken. */
  public List<String> neverHit() {
    return entries.stream()
        .filter(entry -> entry.hits == 0)
        .map(entry -> entry.rule.name())
        .toList();
  }

  /** Takes over what the rules of {@code before} counted that are here as they were. */
  public void carryOver(Policy before) {
    Map<Rule, Entry> old = new LinkedHashMap<>();
    before.entries.forEach(entry -> old.put(entry.rule, entry));
    for (Entry entry : entries) {
      Entry counted = old.get(entry.rule);
      if (counted != null) {
        entry.hits = counted.hits;
        entry.failures = counted.failures;
        entry.lastHit = counted.lastHit;
        entry.expiryTold = counted.expiryTold;
      }
    }
    unmatched = before.unmatched;
  }

  /**
   * What one rule has come to.
   *
   * @param rule the rule
   * @param hits how often it spoke
   * @param failures how often its condition failed
   * @param lastHit when it last spoke; null if it never did
   */
  public record RuleAccount(Rule rule, long hits, long failures, @Nullable Instant lastHit) {}

  /**
   * The account of a policy.
   *
   * @param rules in order
   * @param unmatched loads on which no rule spoke
   */
  public record Account(List<RuleAccount> rules, long unmatched) {
    /** Copies the list. */
    public Account {
      rules = List.copyOf(rules);
    }

    /** What the ledger says. */
    public Value toJson() {
      var json = new LinkedHashMap<String, Value>();
      json.put("unmatched", Value.of(unmatched));
      json.put("rules", new Value.Array(rules.stream().map(Account::ruleJson).toList()));
      return new Value.Obj(json);
    }

    private static Value ruleJson(RuleAccount account) {
      var json = new LinkedHashMap<String, Value>();
      json.put("name", Value.of(account.rule().name()));
      json.put("hits", Value.of(account.hits()));
      json.put("failures", Value.of(account.failures()));
      Optional.ofNullable(account.lastHit())
          .ifPresent(last -> json.put("lastHit", Value.of(last.toString())));
      Optional.ofNullable(account.rule().expires())
          .ifPresent(expires -> json.put("expires", Value.of(expires.toString())));
      return new Value.Obj(json);
    }
  }

  /** What its rules have come to. */
  public Account account() {
    return new Account(
        entries.stream()
            .map(entry -> new RuleAccount(entry.rule, entry.hits, entry.failures, entry.lastHit))
            .toList(),
        unmatched);
  }
}

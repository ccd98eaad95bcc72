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
 * An ordered list of rules. The first rule whose condition holds applies. A rule that alerts also
 * applies if its condition cannot be evaluated. If no rule applies, a load with findings alerts.
 * The policy never hides a record or a finding: it decides which loads alert.
 *
 * <p>One thread may use it, also for {@link #account}.
 */
public final class Policy {

  private final List<Entry> entries;
  private final Consumer<String> notes;
  private long unmatched;

  private Policy(List<Entry> entries, Consumer<String> notes) {
    this.entries = List.copyOf(entries);
    this.notes = notes;
  }

  /** A rule and how often it applied. */
  private static final class Entry {
    private final Rule rule;
    private final Condition condition;
    private long hits;
    private long failures;
    private @Nullable Instant lastHit;
    private boolean expiryReported;

    Entry(Rule rule, Condition condition) {
      this.rule = rule;
      this.condition = condition;
    }
  }

  /**
   * Returns a policy without rules: every load with findings alerts, and no record has a verdict.
   */
  public static Policy none() {
    return new Policy(List.of(), note -> {});
  }

  /**
   * Creates a policy of rules with their conditions.
   *
   * @param conditions one condition for each rule, in order
   * @param notes receives lines for a person
   */
  static Policy of(List<Rule> rules, List<Condition> conditions, Consumer<String> notes) {
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < rules.size(); i++) {
      entries.add(new Entry(rules.get(i), conditions.get(i)));
    }
    return new Policy(entries, notes);
  }

  /** Returns whether the policy has no rules. */
  public boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Returns the rules, in order. */
  public List<Rule> rules() {
    return entries.stream().map(entry -> entry.rule).toList();
  }

  /**
   * Returns the record with the policy's verdict. Without a rule, returns the record unchanged.
   *
   * @param record a complete record, with its findings
   * @param now the time that decides whether rules have expired
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
          return verdictOf(entry, now);
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
            return verdictOf(entry, now);
          }
        }
      }
    }
    unmatched++;
    return new LoadRecord.Policy(
        record.findings().isEmpty() ? Verdict.EXPECTED : Verdict.ALERT, null);
  }

  private static LoadRecord.Policy verdictOf(Entry entry, Instant now) {
    entry.hits++;
    entry.lastHit = now;
    return new LoadRecord.Policy(entry.rule.verdict(), entry.rule.name());
  }

  private boolean speaks(Entry entry, Instant now) {
    if (!entry.rule.isExpired(now)) {
      return true;
    }
    if (!entry.expiryReported) {
      entry.expiryReported = true;
      notes.accept(
          "policy: the rule %s expired at %s and does not speak; owner: %s"
              .formatted(entry.rule.name(), entry.rule.expires(), entry.rule.owner()));
    }
    return false;
  }

  /** Reports the rules that have expired by {@code now}, each once. */
  public void tellExpired(Instant now) {
    entries.forEach(entry -> speaks(entry, now));
  }

  /** Returns the names of the rules that have not applied. */
  public List<String> neverHit() {
    return entries.stream()
        .filter(entry -> entry.hits == 0)
        .map(entry -> entry.rule.name())
        .toList();
  }

  /** Adopts the counts of the rules of {@code before} that are unchanged here. */
  public void carryOver(Policy before) {
    Map<Rule, Entry> old = new LinkedHashMap<>();
    before.entries.forEach(entry -> old.put(entry.rule, entry));
    for (Entry entry : entries) {
      Entry counted = old.get(entry.rule);
      if (counted != null) {
        entry.hits = counted.hits;
        entry.failures = counted.failures;
        entry.lastHit = counted.lastHit;
        entry.expiryReported = counted.expiryReported;
      }
    }
    unmatched = before.unmatched;
  }

  /**
   * The account of one rule.
   *
   * @param rule the rule
   * @param hits how often it applied
   * @param failures how often its condition failed
   * @param lastHit when it last applied; null if it never did
   */
  public record RuleAccount(Rule rule, long hits, long failures, @Nullable Instant lastHit) {}

  /**
   * The account of a policy.
   *
   * @param rules the accounts of the rules, in order
   * @param unmatched the number of loads to which no rule applied
   */
  public record Account(List<RuleAccount> rules, long unmatched) {
    /** Copies the list. */
    public Account {
      rules = List.copyOf(rules);
    }

    /** Writes the account for the ledger. */
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

  /** Returns the account of the rules. */
  public Account account() {
    return new Account(
        entries.stream()
            .map(entry -> new RuleAccount(entry.rule, entry.hits, entry.failures, entry.lastHit))
            .toList(),
        unmatched);
  }
}

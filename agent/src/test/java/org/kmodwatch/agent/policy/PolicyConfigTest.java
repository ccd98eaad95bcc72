package org.kmodwatch.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.config.Checker;
import org.kmodwatch.agent.config.ConfigException;
import org.kmodwatch.agent.config.Key;
import org.kmodwatch.agent.config.Problems;
import org.kmodwatch.agent.config.Section;
import org.kmodwatch.agent.config.Shape;
import org.kmodwatch.agent.config.Yaml;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;

class PolicyConfigTest {

  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final Shape.Group SHAPE =
      new Shape.Group(
          "a policy", List.of(Key.optional("policy", new Shape.ListOf(PolicyConfig.RULE), "")));

  private final List<String> notes = new ArrayList<>();

  private Policy policy(String rules) {
    var problems = new Problems();
    Section section =
        new Checker(problems).check(Yaml.parse(rules, "p.yaml", problems).orElseThrow(), SHAPE);
    Policy policy = PolicyConfig.read(section.sections("policy"), problems, notes::add);
    problems.throwIfAny();
    return policy;
  }

  private static String rule(String name, String when, String verdict, String more) {
    return """
      - name: %s
        owner: me
        reason: because
        when: %s
        verdict: %s
    %s\
    """
        .formatted(name, when, verdict, more);
  }

  private static LoadRecord.Policy verdict(Policy policy, LoadRecord record) {
    LoadRecord.Policy said = policy.apply(record, NOW).policy();
    assertThat(said).isNotNull();
    return said;
  }

  @Test
  void firstRuleThatHolds_speaks() {
    Policy policy =
        policy(
            "policy:\n"
                + rule("bad", "module.name == \"bad\"", "alert", "")
                + rule("all", "true", "expected", ""));

    assertThat(verdict(policy, load("bad").findings("TRC-1017").build()))
        .isEqualTo(new LoadRecord.Policy(Verdict.ALERT, "bad"));
    assertThat(verdict(policy, load("good").findings("TRC-1017").build()))
        .isEqualTo(new LoadRecord.Policy(Verdict.EXPECTED, "all"));
    assertThat(policy.neverHit()).isEmpty();
    assertThat(policy.account().rules())
        .extracting(Policy.RuleAccount::hits)
        .containsExactly(1L, 1L);
  }

  @Test
  void whereNoRuleSpeaks_findingsDecide() {
    Policy policy = policy("policy:\n" + rule("never", "false", "expected", ""));

    assertThat(verdict(policy, load("x").findings("TRC-1017").build()))
        .isEqualTo(new LoadRecord.Policy(Verdict.ALERT, null));
    assertThat(verdict(policy, load("x").unloaded().build()))
        .isEqualTo(new LoadRecord.Policy(Verdict.EXPECTED, null));
    assertThat(policy.neverHit()).containsExactly("never");
    assertThat(policy.account().unmatched()).isEqualTo(2);
  }

  @Test
  void expiredRule_doesNotSpeak_andIsToldOnce() {
    Policy policy =
        policy("policy:\n" + rule("old", "true", "expected", "    expires: 2026-11-25\n"));

    assertThat(verdict(policy, load("x").findings("TRC-1017").build()).rule()).isNull();
    policy.tellExpired(NOW);
    assertThat(notes)
        .containsExactly(
            "policy: the rule old expired at 2026-11-25T00:00:00Z and does not speak; owner: me");
    assertThat(policy.apply(load("x").build(), Instant.parse("2026-11-24T23:59:59Z")).policy())
        .isEqualTo(new LoadRecord.Policy(Verdict.EXPECTED, "old"));
  }

  @Test
  void ruleThatCannotBeEvaluated_doesNotSpeak_isCountedAndToldOnce() {
    Policy policy = policy("policy:\n" + rule("broken", "1 / (repeats - 1) == 1", "expected", ""));

    verdict(policy, load("x").findings("TRC-1017").build());
    verdict(policy, load("x").findings("TRC-1017").build());

    assertThat(policy.account().rules().getFirst().failures()).isEqualTo(2);
    assertThat(notes).hasSize(1);
    assertThat(notes.getFirst())
        .startsWith(
            "policy: the condition of the rule broken failed, so it does not speak; counted from"
                + " now on: ");
  }

  @Test
  void ruleThatAlertsAndCannotBeEvaluated_speaks_beforeOneThatExpects() {
    Policy policy =
        policy(
            "policy:\n"
                + rule("broken", "1 / (repeats - 1) == 1", "alert", "")
                + rule("all", "true", "expected", ""));

    assertThat(verdict(policy, load("x").findings("TRC-1017").build()))
        .isEqualTo(new LoadRecord.Policy(Verdict.ALERT, "broken"));
    assertThat(policy.account().rules().getFirst().failures()).isEqualTo(1);
    assertThat(policy.account().rules().getFirst().hits()).isEqualTo(1);
    assertThat(notes.getFirst())
        .startsWith(
            "policy: the condition of the rule broken failed, so it speaks as if it held; counted"
                + " from now on: ");
  }

  @Test
  void countsGoOn_whenTheSameRuleIsReadAgain() {
    String rules = rule("a", "true", "expected", "");
    Policy before = policy("policy:\n" + rules);
    verdict(before, load("x").build());

    Policy after = policy("# one line more\npolicy:\n" + rules + rule("b", "true", "alert", ""));
    after.carryOver(before);

    assertThat(after.account().rules())
        .extracting(Policy.RuleAccount::hits)
        .containsExactly(1L, 0L);
  }

  @Test
  void withoutRules_recordsStayAsTheyAre() {
    assertThat(Policy.none().apply(load("x").build(), NOW).policy()).isNull();
  }

  @Test
  void everyProblem_isNamed() {
    assertThatThrownBy(
            () ->
                policy(
                    """
                    policy:
                      - name: a
                        owner: me
                        reason: r
                        when: modul.name == "x"
                        verdict: deny
                      - name: a
                        owner: me
                        when: module.name == "x"
                        expires: tomorrow
                        verdict: expectd
                    """))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            """
            p.yaml:6:14: policy[1].verdict: deny is for later: this Kmodwatch stops no load; use alert, found "deny"
            p.yaml:10:14: policy[2].expires: expected a date such as 2027-06-30, or a time as RFC 3339 has it, found "tomorrow"
            p.yaml:11:14: policy[2].verdict: expected one of expected, alert, found "expectd"
            p.yaml:7:5: policy[2]: the key reason is missing, expected a sentence
            p.yaml:5:11: policy[1].when: in the condition at 1:1: there is nothing called modul; did you mean module?\
            """);
  }
}

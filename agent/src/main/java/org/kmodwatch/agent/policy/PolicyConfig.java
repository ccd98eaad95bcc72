package org.kmodwatch.agent.policy;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.kmodwatch.agent.config.Key;
import org.kmodwatch.agent.config.Mark;
import org.kmodwatch.agent.config.Problems;
import org.kmodwatch.agent.config.Section;
import org.kmodwatch.agent.config.Shape;
import org.kmodwatch.core.load.LoadRecord.Policy.Verdict;

/** Reads the policy in a configuration. */
public final class PolicyConfig {

  private static final String DATE = "a date such as 2027-06-30, or a time as RFC 3339 has it";

  /** The shape of one rule. */
  public static final Shape.Group RULE =
      new Shape.Group(
          "a rule",
          List.of(
              Key.required("name", Shape.Text.of("a name"), "What it is called; unique.")
                  .like("the distribution's own"),
              Key.required("owner", Shape.Text.of("a person or a team"), "Who answers for it.")
                  .like("platform@example.com"),
              Key.required("reason", Shape.Text.of("a sentence"), "Why it is there.")
                  .like("Signed by the distribution, part of its kernel's package."),
              Key.optional(
                      "expires",
                      Shape.Text.checked(
                          DATE,
                          text ->
                              moment(text).isPresent()
                                  ? Optional.empty()
                                  : Optional.of("expected " + DATE)),
                      "From when on it no longer speaks: " + DATE + ".")
                  .like("2027-06-30"),
              Key.required(
                      "when",
                      Shape.Text.of("a condition in CEL"),
                      "What must hold for it to speak: CEL over the keys of the load record"
                          + " (docs/how-to/policy.md).")
                  .like("'file.place == \"distribution\" && image.signature.status == \"valid\"'"),
              Key.required(
                      "verdict",
                      Shape.Text.checked("one of expected, alert", PolicyConfig::verdictFault),
                      "expected: nobody is alerted; alert: somebody is, findings or not.")
                  .like("expected")));

  private PolicyConfig() {}

  private static Optional<String> verdictFault(String word) {
    return switch (word) {
      case "expected", "alert" -> Optional.empty();
      case "deny" -> Optional.of("deny is for later: this Kmodwatch stops no load; use alert");
      default -> Optional.of("expected one of expected, alert");
    };
  }

  private static Optional<Instant> moment(String text) {
    try {
      return Optional.of(
          text.indexOf('T') > 0
              ? Instant.parse(text)
              : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Creates the policy of these rules. Without a rule, no class of CEL is loaded.
   *
   * @param rules sections of the shape {@link #RULE}; sections with known problems are skipped
   * @param problems receives the errors: duplicate names, wrong conditions
   * @param notes receives lines for a person while the policy is used
   */
  public static Policy read(List<Section> rules, Problems problems, Consumer<String> notes) {
    if (rules.isEmpty()) {
      return Policy.none();
    }
    var conditions = new Conditions();
    var read = new ArrayList<Rule>();
    var compiled = new ArrayList<Condition>();
    Map<String, Mark> names = new HashMap<>();
    for (Section section : rules) {
      // Even if the rule has other errors, so that all errors are reported at once.
      Optional<Condition> condition =
          section
              .text("when")
              .flatMap(
                  text ->
                      conditions.compile(
                          text, section.markOf("when"), section.path() + ".when", problems));
      Optional<Rule> rule = rule(section);
      if (rule.isEmpty()) {
        continue;
      }
      Mark before = names.putIfAbsent(rule.get().name(), section.mark());
      if (before != null) {
        problems.add(
            section.markOf("name"),
            section.path() + ".name",
            "another rule has this name, at " + before);
      }
      if (condition.isPresent()) {
        read.add(rule.get());
        compiled.add(condition.get());
      }
    }
    return Policy.of(read, compiled, notes);
  }

  private static Optional<Rule> rule(Section section) {
    Optional<String> name = section.text("name");
    Optional<String> condition = section.text("when");
    Optional<String> verdict = section.text("verdict");
    if (name.isEmpty() || condition.isEmpty() || verdict.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Rule(
            name.get(),
            section.text("owner").orElse(""),
            section.text("reason").orElse(""),
            section.text("expires").flatMap(PolicyConfig::moment).orElse(null),
            condition.get(),
            verdict.get().equals("expected") ? Verdict.EXPECTED : Verdict.ALERT));
  }
}

package org.kmodwatch.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.agent.config.Mark;
import org.kmodwatch.agent.config.Problem;
import org.kmodwatch.agent.config.Problems;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.testing.FullRecord;

class ConditionsTest {

  private static final Conditions CONDITIONS = new Conditions();

  private static Condition.Answer answer(String condition, LoadRecord record) {
    var problems = new Problems();
    Optional<Condition> compiled =
        CONDITIONS.compile(condition, Mark.ofOption("p.yaml"), "when", problems);
    problems.throwIfAny();
    return compiled.orElseThrow().of(record);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "action == 'load' && outcome == 'refused'",
        "module.name == 'm' && module.intree",
        "image.signature.status == 'unknown key'",
        "file.package.name == 'pkg' && file.package.changed",
        "'KMW-1003' in findings",
        "findings.all(f, f in ['TRC-1017', 'KMW-1003'])",
        "loader.ancestors[0].comm == 'bash'",
        "loader.namespaces['mnt'] == 4026531840",
        "requester.alias.startsWith('net-pf-')",
        "time > timestamp('2026-01-01T00:00:00Z') && time.getFullYear() == 2026",
        "returnValue < 0 && load.errno == 'EKEYREJECTED'",
        "has(load.image) && has(image.signature.signer)",
        "route.memoryOnly && route.autoload",
        "size(loader.args) == 2 && loader.args.exists(a, a.endsWith('.ko'))"
      })
  void condition_holds_onWhatTheRecordSays(String condition) {
    assertThat(answer(condition, FullRecord.full())).isEqualTo(Condition.Answer.Plain.YES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "image.signature.status != 'unsigned'",
        "file.place != 'temporary'",
        "image.sha256 == 'ab' || image.sha256 != 'ab'",
        "!file.package.changed",
        "module.intree",
        "requester.alias != 'x'",
        "load.errno != 'EPERM'"
      })
  void condition_doesNotHold_whenWhatItAsksForIsNotKnown(String condition) {
    assertThat(answer(condition, load("m").build())).isEqualTo(Condition.Answer.Plain.NOT_KNOWN);
  }

  @Test
  void whatARecordLeavesOutBecauseItIsFalseOrEmpty_isKnown() {
    LoadRecord plain = load("m").build();

    assertThat(answer("!route.memoryOnly && !route.autoload && !codeMayHaveRun", plain))
        .isEqualTo(Condition.Answer.Plain.YES);
    assertThat(answer("size(findings) == 0", plain)).isEqualTo(Condition.Answer.Plain.YES);
    assertThat(answer("has(image.sha256) || has(load.file)", plain))
        .isEqualTo(Condition.Answer.Plain.NO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          image.signature.signr == 'x'     | in the condition at 1:16: there is no field signr; did you mean signer?
          modul.name == 'x'                | in the condition at 1:1: there is nothing called modul; did you mean module?
          outcome == 1                     | in the condition at 1:9: found no matching overload for '_==_' applied to '(string, int)' (candidates: (%A0, %A0))
          outcome                          | in the condition at 1:1: expected type 'bool' but found 'string'
          """)
  void condition_isRefused_withItsPlace(String condition, String message) {
    var problems = new Problems();

    assertThat(CONDITIONS.compile(condition, new Mark("p.yaml", 7, 5), "policy[1].when", problems))
        .isEmpty();
    assertThat(problems.all())
        .extracting(Problem::toString)
        .containsExactly("p.yaml:7:5: policy[1].when: " + message);
  }

  @Test
  void condition_isRefused_whenItIsNoCel() {
    var problems = new Problems();

    assertThat(CONDITIONS.compile("outcome ==", Mark.ofOption("p"), "when", problems)).isEmpty();
    assertThat(problems.all()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"(|)", "size([|]) > 0", "{1: |}", "true ? true : |", "1 + |"})
  void condition_isRefused_whenItIsNestedTooDeeply_onASmallStack(String level) throws Exception {
    int bar = level.indexOf('|');
    String condition =
        level.substring(0, bar).repeat(240) + "true" + level.substring(bar + 1).repeat(240);
    var problems = new Problems();
    var thrown = new AtomicReference<@Nullable Throwable>();
    var small =
        new Thread(
            null,
            () -> CONDITIONS.compile(condition, Mark.ofOption("p"), "when", problems),
            "small",
            256 << 10);
    small.setUncaughtExceptionHandler((thread, e) -> thrown.set(e));

    small.start();
    small.join();

    assertThat(thrown.get()).isNull();
    assertThat(problems.all())
        .extracting(Problem::toString)
        .singleElement()
        .asString()
        .contains("in the condition at 1:1: Expression recursion limit exceeded. limit: 50");
  }

  @Test
  void conditionWithoutEnd_isStopped() {
    String all = "loader.args.map(a, loader.args.map(b, loader.args.map(c, a + b + c)))";
    String many = "[" + "0,".repeat(150) + "0]";
    String condition =
        "%s.all(a, %s.all(b, %s.all(c, a + b + c >= 0)))".formatted(many, many, many);

    assertThat(answer("size(" + all + ") >= 0", FullRecord.full()))
        .isEqualTo(Condition.Answer.Plain.YES);
    assertThat(answer(condition, FullRecord.full()))
        .isInstanceOfSatisfying(
            Condition.Answer.Failed.class,
            failed -> assertThat(failed.why()).contains("Iteration budget exceeded"));
  }
}

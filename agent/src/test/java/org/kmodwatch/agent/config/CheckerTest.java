package org.kmodwatch.agent.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckerTest {

  private static final Shape.OneOf SINK =
      new Shape.OneOf(
          "a sink",
          "type",
          List.of(
              Key.optional("format", new Shape.Choice(List.of("ecs", "cef")), "cef", ""),
              Key.optional(
                  "retry", new Shape.Time(Duration.ofSeconds(1), Duration.ofHours(1)), "1m", "")),
          cases());

  private static final Shape.Group SHAPE =
      new Shape.Group(
          "a configuration",
          List.of(
              Key.optional("listen", Shape.Text.of("an address"), ""),
              Key.optional("guard", new Shape.Flag(), "false", ""),
              Key.optional(
                  "buffer", new Shape.OrWord(new Shape.Size(1 << 20, 1 << 29), "off"), "64M", ""),
              Key.optional("keep", new Shape.Whole(1, 10), "3", ""),
              Key.optional("words", new Shape.ListOf(Shape.Text.of("a word")), ""),
              Key.optional(
                  "sinks", new Shape.MapOf(Shape.Text.matching("letters", "[a-z]+"), SINK), "")));

  private static Map<String, List<Key>> cases() {
    var cases = new LinkedHashMap<String, List<Key>>();
    cases.put("file", List.of(Key.required("path", Shape.Text.of("a path"), "")));
    cases.put("hook", List.of(Key.optional("token", new Shape.Secret(), "")));
    return cases;
  }

  @TempDir Path folder;

  private Section read(String text) {
    var problems = new Problems();
    Section section =
        Yaml.parse(text, "k.yaml", problems)
            .map(tree -> new Checker(problems).check(tree, SHAPE))
            .orElse(null);
    problems.throwIfAny();
    assertThat(section).isNotNull();
    return section;
  }

  private void assertProblems(String text, String... lines) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ConfigException.class)
        .hasMessage(String.join("\n", lines));
  }

  @Test
  void section_hasWhatIsWritten() {
    Section all =
        read(
            """
            listen: 9110
            guard: true
            buffer: 2M
            keep: 7
            words: [a, "b c"]
            sinks:
              local: {type: file, path: /x, format: ecs}
              far:
                type: hook
                token: {env: TOKEN}
                retry: 90s
            """);

    assertThat(all.text("listen")).contains("9110");
    assertThat(all.flag("guard")).isTrue();
    assertThat(all.size("buffer")).contains(new ByteSize(2 << 20));
    assertThat(all.requiredWhole("keep")).isEqualTo(7);
    assertThat(all.texts("words")).containsExactly("a", "b c");
    Map<String, Section> sinks = all.namedSections("sinks");
    assertThat(sinks).containsOnlyKeys("local", "far");
    Section local = requireNonNull(sinks.get("local"));
    Section far = requireNonNull(sinks.get("far"));
    assertThat(local.requiredText("format")).isEqualTo("ecs");
    assertThat(local.path()).isEqualTo("sinks.local");
    assertThat(far.secret("token")).contains(new SecretRef.InEnvironment("TOKEN"));
    assertThat(far.requiredTime("retry")).isEqualTo(Duration.ofSeconds(90));
    assertThat(far.markOf("retry")).isEqualTo(new Mark("k.yaml", 11, 12));
  }

  @Test
  void section_hasStandardValues_whereNothingIsWritten() {
    Section all = read("");

    assertThat(all.size("buffer")).contains(new ByteSize(64 << 20));
    assertThat(all.requiredWhole("keep")).isEqualTo(3);
    assertThat(all.isGiven("keep")).isFalse();
    assertThat(all.text("listen")).isEmpty();
    assertThat(all.namedSections("sinks")).isEmpty();
  }

  @Test
  void word_standsInPlaceOfASize() {
    Section all = read("buffer: off");

    assertThat(all.size("buffer")).isEmpty();
    assertThat(all.text("buffer")).contains("off");
  }

  @Test
  void everyProblem_isNamedWithItsLine() {
    assertProblems(
        """
        lissten: x
        guard: yes
        buffer: 1K
        keep: 11
        words: a
        sinks:
          Local: {type: file, path: /x}
          a: {type: fiel}
          b: {type: file}
          c: {path: /x}
          d: 5
          e: {type: hook, token: hunter2, format: ecx}
        """,
        "k.yaml:1:1: lissten: no such key; did you mean listen? (known: listen, guard, buffer,"
            + " keep, words, sinks)",
        "k.yaml:2:8: guard: expected true or false, found \"yes\"",
        "k.yaml:3:9: buffer: expected a size from 1M to 512M, such as 512M, or off, found \"1K\"",
        "k.yaml:4:7: keep: expected a whole number from 1 to 10, found \"11\"",
        "k.yaml:5:8: words: expected a list, each a word, found \"a\"",
        "k.yaml:7:3: sinks.Local: as a name expected letters, found \"Local\"",
        "k.yaml:8:13: sinks.a.type: expected one of file, hook, found \"fiel\"; did you mean file?",
        "k.yaml:9:6: sinks.b: the key path is missing, expected a path",
        "k.yaml:10:6: sinks.c: the key type is missing, expected one of file, hook",
        "k.yaml:11:6: sinks.d: expected a sink, found \"5\"",
        "k.yaml:12:26: sinks.e.token: expected {file: PATH} or {env: VARIABLE}; a secret does not"
            + " stand in the configuration itself",
        "k.yaml:12:43: sinks.e.format: expected one of ecs, cef, found \"ecx\"; did you mean ecs?");
  }

  @Test
  void key_isRefused_whenItIsThereTwice() {
    assertProblems(
        "keep: 1\nwords: []\nkeep: 2\n", "k.yaml:3:1: keep: is there twice, before at line 1");
  }

  @Test
  void yaml_isRefusedWithItsLine_whenItIsNone() {
    assertThatThrownBy(() -> read("keep: [1\nguard: true\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("k.yaml:2:6: not YAML: while parsing a flow sequence: ");
  }

  @Test
  void yaml_isRefused_whenItRefersToItself() {
    assertThatThrownBy(() -> read("words: &a [*a]\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("nested too deeply: limit=32");
  }

  @Test
  void yaml_isRefused_whenItGrowsWithoutEnd() {
    var text = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 30; i++) {
      text.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }

    assertThatThrownBy(() -> read(text.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("too many values, each alias counted as what it stands for");
  }

  @Test
  void nothing_isNoText() {
    assertProblems("listen:\n", "k.yaml:1:8: listen: expected an address, found nothing");
  }

  @Test
  void file_isNamed_whenItIsNotThere() {
    var problems = new Problems();

    assertThat(Yaml.read(folder.resolve("none.yaml"), problems)).isEmpty();
    assertThat(problems.all())
        .extracting(Problem::toString)
        .containsExactly(
            folder.resolve("none.yaml")
                + ": there is no such file; kmodwatch config init FILE writes one");
  }

  @Test
  void file_isNamed_whenItIsNotUtf8() throws Exception {
    Path file =
        Files.write(
            folder.resolve("k.yaml"), "listen: Zürich".getBytes(StandardCharsets.ISO_8859_1));
    var problems = new Problems();

    assertThat(Yaml.read(file, problems)).isEmpty();
    assertThat(problems.all()).extracting(Problem::toString).containsExactly(file + ": not UTF-8");
  }

  @Test
  void span_isReadAndShownInTheSameUnit() {
    assertThat(Span.parse("90d").map(Span::text)).contains("90d");
    assertThat(Span.parse("36h").map(Span::text)).contains("36h");
    assertThat(Span.parse("500ms").map(Span::text)).contains("500ms");
    assertThat(Span.parse("120s").map(Span::text)).contains("2m");
    assertThat(Span.parse("0").map(Span::text)).contains("0");
    assertThat(Span.parse("1y")).isEmpty();
    assertThat(Span.parse("10")).isEmpty();
  }
}

package org.kmodwatch.agent.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class JournalLinesTest {

  /** LineMax of journald.conf(5), if nobody set it. */
  private static final int LINE_MAX = 48 << 10;

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void ordinaryLines_stayAsTheyAre_besideOneThatIsTooLong() {
    String first = "{\"schema\":\"kmodwatch.load/1\",\"id\":\"1\",\"number\":1.50}";
    String last = "{\"b\" : 2}";
    String long_ = record(List.of("x".repeat(100_000)), "");

    List<String> lines = bounded(first + "\n" + long_ + "\n" + last + "\n");

    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).isEqualTo(first);
    assertThat(lines.get(2)).isEqualTo(last);
  }

  @Test
  void record_isValid_andItsGapsNameWhatWasCut() {
    List<String> args = Stream.generate(() -> "a".repeat(3_000)).limit(40).toList();

    JsonNode record = JSON.readTree(one(record(args, "p=" + "\\u0001".repeat(4_000))));

    assertThat(record.at("/id").asString()).isEqualTo("1");
    assertThat(record.at("/image/sha256").asString()).isEqualTo("0".repeat(64));
    assertThat(record.at("/loader/comm").asString()).isEqualTo("insmod");
    assertThat(record.at("/loader/args/0").asString()).startsWith("aaa").endsWith("…");
    var gaps = new ArrayList<String>();
    record.at("/gaps").forEach(gap -> gaps.add(gap.get("field") + " " + gap.get("why")));
    assertThat(gaps)
        .containsExactlyInAnyOrder(
            "\"durationNs\" \"not known\"",
            "\"loader.args\" \"cut: no line of the journal holds it\"",
            "\"route.params\" \"cut: no line of the journal holds it\"");
  }

  @Test
  void otherObject_namesWhatWasCut() {
    JsonNode line =
        JSON.readTree(
            one(
                "{\"output_fields\":{\"proc.exe\":\"/%s\"},\"rule\":\"r\"}"
                    .formatted("x/".repeat(40_000))));

    assertThat(line.at("/rule").asString()).isEqualTo("r");
    assertThat(line.at("/kmodwatchCut/0").asString()).isEqualTo("output_fields.proc.exe");
  }

  @Test
  void anyObject_isShortEnough_howeverHostile() {
    var deep = new StringBuilder("1");
    for (int i = 0; i < 400; i++) {
      deep.insert(0, "{\"k\":[").append(",\"").append("\\u0001".repeat(150)).append("\"]}");
    }
    var wide = new StringBuilder("{\"a\":0");
    for (int i = 0; i < 3_000; i++) {
      wide.append(",\"").append("k".repeat(130)).append(i).append("\":{\"x\":[1,[2],\"\u2028\"]}");
    }

    for (String hostile : List.of(deep.toString(), wide.append('}').toString())) {
      assertThat(JSON.readTree(one(hostile)).has("kmodwatchCut")).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "ä", "\uD83D\uDE00", "\\\\"})
  void otherLine_losesItsEnd_notInTheMiddleOfACharacterOrEscape(String repeated) {
    String line = one("CEF:0|msg=" + repeated.repeat(80_000));

    assertThat(line).matches("(?s)CEF:0\\|msg=.* … \\(cut: \\d+ bytes in all\\)");
    assertThat(line).doesNotContain("\ufffd");
    int slashes = line.length() - line.replace("\\", "").length();
    assertThat(slashes % 2).isZero();
  }

  private static String record(List<String> args, String params) {
    return JSON.writeValueAsString(
            Map.of(
                "schema",
                "kmodwatch.load/1",
                "id",
                "1",
                "image",
                Map.of("sha256", "0".repeat(64)),
                "route",
                Map.of("params", "PARAMS"),
                "loader",
                Map.of("comm", "insmod", "args", args),
                "gaps",
                List.of(Map.of("field", "durationNs", "why", "not known"))))
        .replace("PARAMS", params);
  }

  private static String one(String line) {
    List<String> lines = bounded(line + "\n");
    assertThat(lines).hasSize(1);
    return lines.getFirst();
  }

  private static List<String> bounded(String text) {
    byte[] bytes = JournalLines.bounded(text.getBytes(StandardCharsets.UTF_8));
    List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
    assertThat(lines)
        .allSatisfy(
            line -> assertThat(line.getBytes(StandardCharsets.UTF_8).length).isLessThan(LINE_MAX));
    return lines;
  }
}

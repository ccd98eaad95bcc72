package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Tests outputs that accept nothing, silent clients, and configurations that are read again under
 * load, on a real kernel. None of them may block another output or another client.
 */
final class OutputsIT {

  private static final Duration GUEST_LIMIT = Duration.ofMinutes(10);

  /** One kernel is enough: the behaviour does not depend on it. */
  private static final String KERNEL = System.getProperty("kmodwatch.outputs.kernel", "6.12");

  /**
   * Counts the unloads while the pipe was not read, and then with each of the five new
   * configurations.
   */
  private static final int UNLOADS = 33 + 5 * 2;

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static LabResult result;

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static List<String> log;

  @BeforeAll
  static void boot() throws IOException {
    result =
        Boots.run(
            LabRun.of(KERNEL, Resources.text("outputs.sh"))
                .withFile(Lab.testModule(KERNEL, "kw_plain"))
                .withTimeout(GUEST_LIMIT));
    assertThat(result.exitStatus()).isZero();
    log = Files.readAllLines(result.guestLog());
    assertThat(log).noneMatch(line -> line.startsWith("never came true"));
  }

  private static List<JsonNode> lines(String name) {
    return JsonLines.of(result.guestLog().resolveSibling(name));
  }

  private static List<String> agentLog() throws IOException {
    return Files.readAllLines(result.guestLog().resolveSibling("outputs.log"));
  }

  private static long unloads(String name) throws IOException {
    return lines(name).stream()
        .filter(load -> load.at("/outcome").asString().equals("unloaded"))
        .count();
  }

  @Test
  void outputsThatAcceptNothing_stopNoOther() {
    assertThat(log).contains("unloads in the sink meanwhile 33");
  }

  @Test
  void health_namesThem_andIsWellAgain() {
    assertThat(log)
        .contains(
            "health before {\"status\":\"ok\",\"troubles\":[]}",
            "health meanwhile wget: server returned error: HTTP/1.1 503 Service Unavailable",
            "metrics meanwhile kmodwatch_output_stalled{output=\"standard output\"} 1.0",
            "metrics meanwhile kmodwatch_output_stalled{output=\"record\"} 1.0",
            "health after {\"status\":\"ok\",\"troubles\":[]}");
  }

  @Test
  void finding_namesThem_inTheOtherOutputsAtOnce() throws IOException {
    assertThat(lines("findings-sink.ndjson"))
        .filteredOn(finding -> finding.at("/SigMetadata/ID").asString().equals("KMW-1011"))
        .extracting(finding -> finding.at("/Event/Payload/args/0/value").asString())
        .containsExactlyInAnyOrder("standard output", "record");
    assertThat(agentLog())
        .anyMatch(
            line ->
                line.matches(
                    "output: standard output: has accepted nothing since \\S+, waiting=\\d+: nobody"
                        + " reads it"))
        .anyMatch(
            line ->
                line.matches(
                    "output: record: has accepted nothing since \\S+, waiting=\\d+: No space left"
                        + " on device"))
        .containsOnlyOnce(
            "record: cannot write, trying again every second: No space left on device");
  }

  @Test
  void theyHaveEveryLine_onceTheyAcceptAgain() throws IOException {
    assertThat(unloads("stdout.ndjson")).isEqualTo(UNLOADS);
    assertThat(unloads("record-loads.ndjson")).isEqualTo(UNLOADS);
    assertThat(lines("record-events.ndjson")).hasSizeGreaterThan(UNLOADS * 2);
    assertThat(log).contains("ended 0");
  }

  @Test
  void silentConnections_keepNobodyOut() {
    assertThat(log).contains("health among the silent {\"status\":\"ok\",\"troubles\":[]}");
  }

  @Test
  void everyPage_isAnsweredDuringAndAfterEachReload() {
    for (int reload = 1; reload <= 5; reload++) {
      assertThat(log)
          .contains("reload %d {\"status\":\"ok\",\"troubles\":[]}".formatted(reload))
          .filteredOn(line("series " + reload + " "))
          .hasSize(2)
          .allMatch(line -> line.matches("series \\d (during|after) \\d{2,} twice 0"));
    }
  }

  private static Predicate<String> line(String beginning) {
    return text -> text.startsWith(beginning);
  }

  @Test
  void accountsGoOn_overEachReload() throws IOException {
    assertThat(log)
        .anyMatch(
            line -> line.matches("metrics after kmodwatch_sink_taken_total\\{sink=\"loads\"} .*"))
        .anyMatch(line -> line.matches("metrics after kmodwatch_policy_hits_total.*second.*"))
        .contains("history " + UNLOADS);
    assertThat(unloads("sink.ndjson") + unloads("sink2.ndjson")).isEqualTo(UNLOADS);
  }
}

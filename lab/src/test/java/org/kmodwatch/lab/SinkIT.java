package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Tests a webhook whose receiver is down, then slow, then refuses, then works. Meanwhile modules
 * are loaded, and the agent is killed and started again. Nothing may be lost. {@code
 * -Dkmodwatch.down=300} keeps it down for five minutes.
 */
final class SinkIT {

  private static final String KERNEL = "6.12";
  private static final int DOWN_SECONDS = Integer.getInteger("kmodwatch.down", 20);
  private static final int LOADS = Integer.getInteger("kmodwatch.loads", 50);
  private static final String CLASS = "org/kmodwatch/lab/SinkReceiver.class";

  @SuppressWarnings("NullAway.Init") // set before all
  private static List<String> guestLog;

  @SuppressWarnings("NullAway.Init") // set before all
  private static List<JsonNode> items;

  @BeforeAll
  static void boot() throws Exception {
    // The loads last somewhat longer than the receiver is down.
    int pauseMillis = 2000 * (DOWN_SECONDS + 15) / LOADS;
    String script =
        "LOADS=%d\nPAUSE=%d\nDOWN=%d\n".formatted(LOADS, pauseMillis, DOWN_SECONDS)
            + Resources.text("sink.sh");
    Path receiver =
        Path.of(SinkReceiver.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve(CLASS);
    LabResult result =
        Boots.run(
            LabRun.of(KERNEL, script)
                .withFile(Lab.testModule(KERNEL, "kw_plain"))
                .withFile(new AddedFile(receiver, "/root/" + CLASS))
                .withTimeout(Duration.ofSeconds(600 + 2L * DOWN_SECONDS)));
    assertThat(result.exitStatus()).isZero();
    guestLog = Files.readAllLines(result.guestLog(), StandardCharsets.ISO_8859_1);
    items = new ArrayList<>();
    var mapper = new ObjectMapper();
    lines("taken ").forEach(body -> mapper.readTree(body).forEach(items::add));
    Figures.write(
        "webhook",
        KERNEL,
        "down for %d s, then slow, then unwilling, then up, the agent killed meanwhile"
            .formatted(DOWN_SECONDS),
        "%d of %d loads and unloads arrived, and %d findings and other records; %d lost"
            .formatted(
                loads().size(),
                2 * LOADS,
                distinct().size() - loads().size(),
                sink().get("lost").asLong() + sink().get("forcedOut").asLong()),
        "%d came twice, with the same id".formatted(items.size() - distinct().size()));
  }

  @Test
  void everyLoadAndUnload_arrivesOnce_inOrder_whenRepeatsAreDropped() {
    List<JsonNode> loads = loads();

    assertThat(loads).hasSize(2 * LOADS);
    assertThat(loads.stream().map(item -> item.at("/data/id").asString())).doesNotHaveDuplicates();
    assertThat(loads.stream().map(item -> item.get("time").asString())).isSorted();
  }

  @Test
  void everyFinding_arrivesOnce_inOrder_whenRepeatsAreDropped() {
    List<JsonNode> findings =
        distinct().stream()
            .filter(item -> item.at("/data/SigMetadata/ID").asString("").equals("TRC-1017"))
            .filter(item -> item.at("/data/Event/Payload/args").toString().contains("kw_plain.ko"))
            .toList();

    assertThat(findings).hasSize(LOADS);
    assertThat(findings.stream().map(item -> item.get("time").asString())).isSorted();
  }

  @Test
  void repeats_comeWithTheIdTheyHadBefore() {
    assertThat(items)
        .as("its first request was not answered")
        .hasSizeGreaterThan(distinct().size());
  }

  @Test
  void ledger_hasTheSink_andAddsUp() {
    JsonNode sink = sink();

    assertThat(sink.get("carriedOver").asLong()).isPositive();
    assertThat(sink.get("carriedOver").asLong() + sink.get("taken").asLong())
        .isEqualTo(sink.get("delivered").asLong());
    assertThat(sink.get("pending").asLong()).isZero();
    assertThat(sink.get("lost").asLong()).isZero();
  }

  @Test
  void end_isInTime_andNothingSecretIsSaid() {
    assertThat(guestLog).anyMatch(line -> line.matches("ended 0 after \\d s"));
    assertThat(lines("lives "))
        .filteredOn(line -> line.startsWith("webhook: cannot send to http://127.0.0.1:8080, kept"))
        .hasSizeGreaterThan(2);
    assertThat(lines("lives "))
        .anyMatch(line -> line.matches("webhook: http://127.0.0.1:8080 takes them again after .*"))
        .noneMatch(line -> line.contains("t0ken") || line.contains("s3cret"));
    assertThat(lines("mode "))
        .isNotEmpty()
        .allMatch(line -> line.matches("[67]00 .*|644 .*[.]lck"));
  }

  private static List<JsonNode> loads() {
    return distinct().stream()
        .filter(item -> item.get("kind").asString().equals("load"))
        .filter(item -> item.at("/data/loader/args/1").asString("").equals("paced"))
        .toList();
  }

  private static JsonNode sink() {
    return new ObjectMapper().readTree(lines("ledger ").getFirst()).at("/sinks/0");
  }

  /** Returns the first item of each id. */
  private static List<JsonNode> distinct() {
    var byId = new LinkedHashMap<String, JsonNode>();
    items.forEach(item -> byId.putIfAbsent(item.get("id").asString(), item));
    return List.copyOf(byId.values());
  }

  private static List<String> lines(String prefix) {
    return guestLog.stream()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()))
        .toList();
  }
}

package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Pinned programs that another version replaces, counts that somebody tries to wipe, and pins that
 * somebody removes.
 */
@ParameterizedClass(name = "kernel {0}")
@MethodSource("org.kmodwatch.lab.TestKernels#few")
final class PinsIT {

  /** KW_COUNTERS: entries of the map. */
  private static final int COUNTERS = 11;

  private static final String FINDING = "new ";

  /** A look is due each second; the first that finds something has classes to load, emulated. */
  private static final long SECONDS = 10_000_000_000L;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<String> guestLog;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<JsonNode> findings;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  @Parameter
  String kernel;

  @BeforeParameterizedClassInvocation
  static void boot(String kernel) throws IOException {
    LabResult result =
        Lab.run(
            LabRun.of(kernel, "COUNTERS=%d\n".formatted(COUNTERS) + Resources.text("pins.sh"))
                .withAgent(GuestAgent.AT_HAND)
                .withFile(Lab.testModule(kernel, "kw_plain"))
                .withFile(Lab.testModule(kernel, "kw_params")));
    assertThat(result.exitStatus()).isZero();
    guestLog = Files.readAllLines(result.guestLog(), StandardCharsets.ISO_8859_1);
    var mapper = new ObjectMapper();
    findings =
        guestLog.stream()
            .filter(line -> line.startsWith(FINDING))
            .map(line -> mapper.readTree(line.substring(FINDING.length())))
            .toList();
  }

  @Test
  void whatOtherProgramsKept_isAFindingOfItsOwn_whenTheyAreReplaced() {
    List<JsonNode> lost = findings("KMW-1011");

    assertThat(lost).hasSize(1);
    // A load and an unload are 9 records or more; what the old agent has read may be among them.
    assertThat(lost.getFirst().at("/Event/Payload/args/0/value").asLong()).isBetween(9L, 20L);
    assertThat(lost.getFirst().at("/Event/Payload/args/1/value/0").asString())
        .matches(
            "the programs that were pinned in /sys/fs/bpf/kmodwatch/[0-9a-f]{16} before kept them,"
                + " and are another version's");
    assertThat(guestLog).contains("sets of pins: 1", "others stay");
  }

  @Test
  void counts_cannotBeWiped() {
    assertThat(guestLog).contains("wipe ret=-1 errno=EPERM");
    assertThat(findings("KMW-1012"))
        .extracting(f -> f.at("/Event/Payload/args/0/value").asString())
        .containsOnly("pins");
  }

  @Test
  void removedPins_areAFindingWithinSeconds_andTheSensorGoesOn() {
    assertBlind("pins", "removed ");
    assertThat(findings("TRC-1017"))
        .extracting(finding -> finding.at("/Event/Payload/args").toString())
        .hasSize(2)
        .last()
        .asString()
        .contains("/root/kw_params.ko");
    assertThat(guestLog).contains("ended 0");
  }

  private static void assertBlind(String part, String since) {
    long start =
        guestLog.stream()
            .filter(line -> line.startsWith(since))
            .mapToLong(line -> Long.parseLong(line.substring(since.length())))
            .findFirst()
            .orElseThrow();
    List<JsonNode> blind =
        findings("KMW-1012").stream()
            .filter(f -> f.at("/Event/Payload/args/0/value").asString().equals(part))
            .toList();

    assertThat(blind).hasSize(1);
    assertThat(blind.getFirst().at("/Event/Payload/timestamp").asLong())
        .isBetween(start, start + SECONDS);
  }

  private static List<JsonNode> findings(String id) {
    return findings.stream().filter(f -> f.at("/SigMetadata/ID").asString().equals(id)).toList();
  }
}

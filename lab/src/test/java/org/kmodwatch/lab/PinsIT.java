package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Tests pinned programs that another version replaces, counters that an attacker tries to reset,
 * and pins that an attacker removes.
 */
@Guest(
    script = "pins.sh",
    variables = "COUNTERS=11\n", // entries of the map: KW_COUNTERS
    modules = {"kw_plain", "kw_params"},
    agent = GuestAgent.AT_HAND)
record PinsIT(List<String> guestLog) {

  private static final String FINDING = "new ";

  /**
   * The agent checks each second, but the first check with a finding must load classes, under
   * emulation.
   */
  private static final long SECONDS = 10_000_000_000L;

  @Test
  void whatOtherProgramsKept_isAFindingOfItsOwn_whenTheyAreReplaced() {
    List<JsonNode> lost = findings("KMW-1011");

    assertThat(lost).hasSize(1);
    // A load and an unload are at least 9 records. The count may include records that the old agent
    // has read.
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

  private void assertBlind(String part, String since) {
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

  private List<JsonNode> findings(String id) {
    var mapper = new ObjectMapper();
    return guestLog.stream()
        .filter(line -> line.startsWith(FINDING))
        .map(line -> mapper.readTree(line.substring(FINDING.length())))
        .filter(f -> f.at("/SigMetadata/ID").asString().equals(id))
        .toList();
  }
}

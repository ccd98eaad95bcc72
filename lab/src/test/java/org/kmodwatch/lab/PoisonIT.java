package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Loads an image that is made to break its reader each second, while an agent with a heap of 64 MiB
 * runs. Every ordinary load in between must have its whole record. {@code -Dkmodwatch.poison=60}
 * runs for a minute, {@code -Dkmodwatch.kernels=6.1} selects another kernel.
 */
@Guest(
    script = "poison.sh",
    modules = {"kw_plain", "kw_params", "kw_export"},
    agent = GuestAgent.AT_HAND,
    preparation = PoisonIT.Loads.class,
    kernels = Guest.Kernels.NEWEST)
final class PoisonIT {

  private static final int POISONS = Integer.getInteger("kmodwatch.poison", 8);

  /**
   * The loads last about as long as the poison: each waits for 200 ms on average, and takes as
   * long.
   */
  private static final int LOADS = 3 * POISONS;

  private static final List<String> MODULES = List.of("kw_plain", "kw_params", "kw_export");

  private final List<String> log;
  private final List<JsonNode> loads;

  PoisonIT(LabResult result) throws IOException {
    log = Files.readAllLines(result.guestLog(), StandardCharsets.ISO_8859_1);
    loads = JsonLines.of(result.out().resolve("loads.ndjson"));
  }

  /** Sets how often the script loads. */
  static final class Loads implements GuestPreparation {
    @Override
    public LabRun prepare(LabRun run, Path folder) {
      return run.withScript("POISONS=%d\nLOADS=%d\n".formatted(POISONS, LOADS) + run.script())
          .withTimeout(Duration.ofMinutes(12).plusSeconds(4L * POISONS));
    }
  }

  @Test
  void everyOrdinaryLoad_hasItsWholeRecord() {
    for (String module : MODULES) {
      assertThat(log).contains(module + " paced ret=0 errno=0");
      List<JsonNode> records =
          loads.stream()
              .filter(load -> load.get("action").asString().equals("load"))
              .filter(load -> load.at("/module/name").asString("").equals(module))
              .toList();
      assertThat(records).as(module).hasSize(LOADS);
      assertThat(records)
          .allSatisfy(
              load -> {
                assertThat(load.get("outcome").asString()).isEqualTo("loaded");
                assertThat(load.at("/image/sha256").asString()).hasSize(64);
                assertThat(load.at("/image/complete").asBoolean()).isTrue();
                assertThat(load.at("/module/license").asString()).isEqualTo("GPL");
                assertThat(load.get("findings").toString()).contains("TRC-1017");
                assertThat(load.has("gaps")).isFalse();
              });
    }
  }

  @Test
  void poison_hasItsRecord_withHashAndGap() {
    assertThat(log).contains("poison init ret=-1 errno=ENOEXEC");
    List<JsonNode> records =
        loads.stream()
            .filter(load -> load.at("/loader/args/1").asString("").equals("init"))
            .toList();
    assertThat(records).hasSize(POISONS);
    assertThat(records)
        .allSatisfy(
            load -> {
              assertThat(load.get("outcome").asString()).isEqualTo("failed");
              assertThat(load.at("/image/sha256").asString()).hasSize(64);
              assertThat(load.at("/image/sizeBytes").asLong()).isEqualTo(400_000);
              assertThat(load.get("gaps").toString()).contains("\"module\"");
            });
  }

  @Test
  void agent_livesToItsEnd_andLosesNothing() {
    assertThat(log).contains("ended 0");
    assertThat(log).anyMatch(line -> line.matches("log .*, lost 0"));
    assertThat(log).noneMatch(line -> line.contains("blind"));
  }
}

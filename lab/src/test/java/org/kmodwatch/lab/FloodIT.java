package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Runs two processes that make failing attempts as fast as they can, one as root with junk, one as
 * nobody. Meanwhile real loads are made at random times. No load may be lost, and every attempt
 * must be counted. {@code -Dkmodwatch.flood=60} runs for a minute, with 200 loads.
 */
@ParameterizedClass(name = "kernel {0}")
@MethodSource("org.kmodwatch.lab.TestKernels#few")
final class FloodIT {

  private static final int SECONDS = Integer.getInteger("kmodwatch.flood", 15);
  private static final int LOADS = SECONDS * 200 / 60;
  private static final String IMAGE_FROM_FILE =
      "[{\"field\":\"image\",\"why\":\"not all of its bytes came through: the buffer is too small,"
          + " or was full, or the kernel lets nobody read them\"}]";

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static GuestRecord guest;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  @Parameter
  String kernel;

  @BeforeParameterizedClassInvocation
  static void boot(String kernel) throws IOException {
    LabResult result =
        Boots.run(
            LabRun.of(
                    kernel,
                    "FLOOD_SECONDS=%d\nLOADS=%d\n".formatted(SECONDS, LOADS)
                        + Resources.text("flood.sh"))
                .withFile(Lab.testModule(kernel, "kw_plain"))
                .withTimeout(Duration.ofMinutes(16)));
    assertThat(result.exitStatus()).isZero();
    guest = GuestRecord.of(kernel, result);
    Figures.write(
        "flood",
        kernel,
        "%,d attempts by root and %,d by nobody in %d s"
            .formatted(made("root"), made("nobody"), SECONDS),
        "%,d told one by one, %,d in summaries, %,d lost"
            .formatted(
                attempts("root", 0, "ENOEXEC") + attempts("nobody", 65534, "EPERM") - summarised(),
                summarised(),
                guest.ledger().at("/sensor/lost").asLong()),
        "%d of %d loads with record, %d with TRC-1017, %d with the hash of the kernel's own bytes"
            .formatted(
                loaded().size(),
                LOADS,
                guest.findingsOf("loads", "TRC-1017").size(),
                loaded().stream().filter(l -> l.at("/image/complete").asBoolean()).count()));
  }

  @Test
  void everyLoad_hasItsWholeRecordAndItsFinding() {
    assertThat(loaded()).hasSize(LOADS);
    assertThat(loaded())
        .allSatisfy(
            load -> {
              assertThat(load.get("outcome").asString()).isEqualTo("loaded");
              assertThat(load.get("returnValue").asLong()).isZero();
              assertThat(load.at("/module/name").asString()).isEqualTo("kw_plain");
              assertThat(load.at("/file/path").asString()).isEqualTo("/root/kw_plain.ko");
              assertThat(load.at("/loader/args/1").asString()).isEqualTo("paced");
              assertThat(load.get("findings").toString()).contains("TRC-1017", "KMW-1004");
              assertThat(load.at("/image/sha256").asString()).hasSize(64);
              // An image without room in the buffer is hashed from the file, and the record reports
              // this.
              assertThat(load.path("gaps").toString()).isIn("", IMAGE_FROM_FILE);
              assertThat(load.at("/image/complete").asBoolean()).isEqualTo(!load.has("gaps"));
            });
    assertThat(guest.findingsOf("loads", "TRC-1017")).hasSize(LOADS);
    assertThat(guest.loadsOf("loads")).hasSize(2 * LOADS);
  }

  @Test
  void everyAttemptOfTheFlood_isAccountedFor() {
    assertThat(attempts("root", 0, "ENOEXEC")).isEqualTo(made("root"));
    assertThat(attempts("nobody", 65534, "EPERM")).isEqualTo(made("nobody"));
  }

  @Test
  void whatWasHeldBack_isOneRecordASourceAtATime_andAFinding() {
    List<JsonNode> summaries =
        guest.loads().stream().filter(load -> load.get("repeats").asLong() > 1).toList();

    assertThat(summaries)
        .hasSizeBetween(2, 20)
        .allSatisfy(
            summary -> {
              assertThat(summary.get("findings").toString()).contains("KMW-1013");
              assertThat(summary.get("reason").asString()).startsWith("held back");
              assertThat(summary.get("durationNs").asLong())
                  .isBetween(1L, (SECONDS + 10) * 1_000_000_000L);
              assertThat(summary.at("/loader/comm").asString()).isEqualTo("kwload");
            });
    assertThat(summarised())
        .isEqualTo(summaries.stream().mapToLong(summary -> summary.get("repeats").asLong()).sum());
  }

  @Test
  void ledger_addsUpByLane_andNothingWasLost() {
    JsonNode sensor = guest.ledger().get("sensor");

    for (String lane : List.of("attempts", "loads")) {
      JsonNode account = sensor.at("/lanes/" + lane);
      assertThat(account.get("seen").asLong())
          .as(lane)
          .isEqualTo(
              account.get("delivered").asLong()
                  + account.get("suppressed").asLong()
                  + account.get("lost").asLong())
          .isPositive();
      assertThat(account.get("lost").asLong()).as(lane).isZero();
      assertThat(account.get("gaps").asLong()).as(lane).isZero();
    }
    assertThat(sensor.at("/lanes/attempts/suppressed").asLong()).isPositive();
    assertThat(sensor.at("/lanes/loads/suppressed").asLong()).isZero();
    assertThat(sensor.get("lost").asLong()).isZero();
    assertThat(sensor.get("unlisted").asLong()).isZero();
    assertThat(guest.findings("KMW-1011")).isEmpty();
    assertThat(guest.findings("KMW-1012")).isEmpty();
  }

  private static List<JsonNode> loaded() {
    return guest.loadsOf("loads").stream()
        .filter(load -> load.get("action").asString().equals("load"))
        .toList();
  }

  private static long summarised() {
    return guest.ledger().at("/loads/summarised").asLong();
  }

  private static long made(String name) {
    return guest.theCase(name).calls().getFirst().ret();
  }

  private static long attempts(String name, long uid, String errno) {
    return guest.loads().stream()
        .filter(load -> load.at("/loader/hostPid").asInt() == guest.theCase(name).pid())
        .filter(load -> load.at("/loader/uid").asLong() == uid)
        .filter(load -> load.path("errno").asString("").equals(errno))
        .mapToLong(load -> load.get("repeats").asLong())
        .sum();
  }
}

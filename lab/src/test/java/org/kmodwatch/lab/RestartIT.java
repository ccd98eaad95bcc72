package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Kills an agent with pinned programs by kill -9, at random moments, while modules are loaded. Each
 * load must be reported once, in order. {@code -Dkmodwatch.kills=50 -Dkmodwatch.loads=500} makes a
 * longer run.
 */
@ParameterizedClass(name = "kernel {0}")
@MethodSource("org.kmodwatch.lab.TestKernels#few")
final class RestartIT {

  private static final int KILLS = Integer.getInteger("kmodwatch.kills", 6);
  private static final int LOADS = Integer.getInteger("kmodwatch.loads", 60);
  private static final String TOLD = "told ";

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<String> guestLog;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  private static List<JsonNode> told;

  @SuppressWarnings("NullAway.Init") // set before each class invocation
  @Parameter
  String kernel;

  @BeforeParameterizedClassInvocation
  static void boot(String kernel) throws IOException {
    String script = "LOADS=%d\nKILLS=%d\n".formatted(LOADS, KILLS) + Resources.text("restart.sh");
    LabResult result =
        Boots.run(
            LabRun.of(kernel, script)
                .withFile(Lab.testModule(kernel, "kw_plain"))
                .withTimeout(Duration.ofMinutes(8).plusSeconds(KILLS * 60L)));
    assertThat(result.exitStatus()).isZero();
    guestLog = Files.readAllLines(result.guestLog(), StandardCharsets.ISO_8859_1);
    var mapper = new ObjectMapper();
    told =
        guestLog.stream()
            .filter(line -> line.startsWith(TOLD))
            .map(line -> mapper.readTree(line.substring(TOLD.length())))
            .filter(load -> load.at("/loader/args/1").asString("").equals("paced"))
            .toList();
    long ids = told.stream().map(load -> load.get("id").asString()).distinct().count();
    Figures.write(
        "restart",
        kernel,
        "%d kills during %d loads and unloads: %d of %d told"
            .formatted(KILLS, LOADS, ids, 2 * LOADS),
        "%d lines marked as perhaps told before, %d lines that were"
            .formatted(told.stream().filter(RestartIT::isMarked).count(), told.size() - ids));
  }

  @Test
  void everyLoadAndUnload_isTold_andNoneTwiceButWithAMark() {
    var times = new HashMap<String, Integer>();
    told.forEach(load -> times.merge(load.get("id").asString(), 1, Integer::sum));

    assertThat(times).hasSize(2 * LOADS);
    assertThat(told.stream().filter(load -> !isMarked(load)).map(load -> load.get("id").asString()))
        .doesNotHaveDuplicates();
  }

  @Test
  void everyLoad_hasItsResult() {
    assertThat(told)
        .filteredOn(load -> load.get("action").asString().equals("load"))
        .allSatisfy(
            load -> {
              assertThat(load.get("outcome").asString()).isEqualTo("loaded");
              assertThat(load.get("returnValue").asLong()).isZero();
              assertThat(load.at("/file/path").asString()).isEqualTo("/root/kw_plain.ko");
              assertThat(load.at("/image/sha256").asString()).hasSize(64);
              assertThat(load.get("findings").toString()).contains("TRC-1017", "KMW-1004");
            });
  }

  @Test
  void records_areInTheOrderOfTheLoads() {
    assertThat(told.stream().filter(load -> !isMarked(load)).map(l -> l.get("time").asString()))
        .isSorted();
  }

  @Test
  void programs_stayPinned_afterAnOrderlyEnd() {
    assertThat(guestLog).contains("ended 0");
    assertThat(guestLog).anyMatch(line -> line.matches("pinned [1-9]\\d*"));
  }

  private static boolean isMarked(JsonNode load) {
    return load.path("gaps").toString().contains("may have been told before");
  }
}

package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Makes two thousand loads and unloads in a row, and ten times two hundred calls at the same
 * moment. Each must have one record, and none may be joined wrongly.
 */
@Guest(script = "storm.sh", modules = "kw_plain", minutes = 10)
record StormIT(GuestRecord guest) {

  @Test
  void everyAttempt_isOneRecord() {
    assertThat(count("load")).isEqualTo(4000);
    assertThat(count("unload")).isEqualTo(2010);
    var ids = new HashSet<String>();
    guest.loads().forEach(load -> ids.add(load.get("id").asString()));
    assertThat(ids).hasSize(guest.loads().size());
    assertThat(guest.ledger().at("/sensor/lost").asLong()).isZero();
  }

  @Test
  void loadsInARow_areAllLoaded_eachWithItsOwnCall() {
    List<JsonNode> row =
        guest.loads().stream()
            .filter(load -> load.at("/loader/args/1").asString("").equals("storm"))
            .filter(load -> load.get("action").asString().equals("load"))
            .toList();

    assertThat(row).hasSize(2000);
    assertThat(row)
        .allSatisfy(
            load -> {
              assertThat(load.get("outcome").asString()).isEqualTo("loaded");
              assertThat(load.get("returnValue").asLong()).isZero();
              assertThat(load.at("/module/name").asString()).isEqualTo("kw_plain");
              assertThat(load.at("/file/path").asString()).isEqualTo("/root/kw_plain.ko");
              assertThat(load.has("gaps")).isFalse();
              assertThat(load.has("waitedOn")).isFalse();
            });
  }

  @Test
  void callersAtOnce_shareOneLoadARound() {
    List<JsonNode> parallel =
        guest.loads().stream()
            .filter(load -> load.at("/loader/args/1").asString("").equals("parallel"))
            .toList();
    Map<String, Long> outcomes =
        parallel.stream()
            .collect(
                Collectors.groupingBy(
                    load ->
                        load.get("outcome").asString()
                            + (load.has("waitedOn") ? " waited" : "")
                            + " "
                            + load.get("returnValue").asLong(),
                    Collectors.counting()));

    assertThat(parallel).hasSize(2000);
    if (TestKernels.is61(guest.kernel())) {
      // Each caller reads the file, and all but one find the name taken.
      assertThat(outcomes).containsOnly(Map.entry("loaded 0", 10L), Map.entry("failed -17", 1990L));
    } else {
      // Since 6.5 a caller during the first load waits and gets its result. A later caller finds
      // the name taken, and so does a caller that waited for the later one.
      assertThat(outcomes).containsEntry("loaded 0", 10L).containsKey("loaded waited 0");
      assertThat(outcomes.keySet())
          .isSubsetOf("loaded 0", "loaded waited 0", "failed -17", "failed waited -17");
    }
  }

  @Test
  void recordedEvents_giveTheSameRecords_inRandomLegalOrders() {
    Reordering.assertSameRecords(guest, 20261122);
  }

  private long count(String action) {
    return guest.loads().stream()
        .filter(load -> load.get("action").asString().equals(action))
        .count();
  }
}

package org.kmodwatch.core.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.format.LoadWriter;

@NullMarked
final class LoadRecordsTest {

  private static final LoadRecord.ProcessDetails PROCESS =
      new LoadRecord.ProcessDetails(
          1,
          2,
          0,
          4,
          "a\udcffb",
          "/usr/bin/insmod",
          List.of("insmod", "x"),
          65534,
          0L,
          1000L,
          3L,
          List.of("CAP_SYS_MODULE"),
          1_790_000_000_000_000_007L,
          Map.of("user", 1L, "mnt", 2L),
          "/x",
          List.of(new LoadRecord.Ancestor(2, "kthreadd", null)));

  private static final LoadRecord FULL =
      new LoadRecord(
          "18d7-a",
          1_790_000_000_123_456_789L,
          5L,
          new LoadRecord.Host("wren", "m", "b", "6.12", "x86_64"),
          LoadRecord.Action.LOAD,
          LoadRecord.Outcome.REFUSED,
          -129L,
          "EKEYREJECTED",
          "no",
          new LoadRecord.Route("finit_module", "compat", List.of("0x80"), "a=1", true, "xz", true),
          new LoadRecord.ModuleDetails(
              "m",
              "1",
              "S",
              "6.12 SMP",
              "GPL",
              "does",
              "A, B",
              true,
              List.of("needed"),
              List.of("FORCED"),
              9L,
              List.of("user")),
          new LoadRecord.Image(
              "ab",
              9,
              LoadRecord.Image.Source.FILE,
              true,
              new LoadRecord.Image.Decompressed("cd", 12),
              new LoadRecord.ModuleSignature(
                  LoadRecord.ModuleSignature.Status.UNKNOWN_KEY, "who", "01:02", "sha256"),
              "/var/lib/kmodwatch/images/ab.ko"),
          new LoadRecord.ModuleFile(
              "/tmp/x",
              8,
              -1,
              17,
              true,
              LoadRecord.Place.TEMPORARY,
              new LoadRecord.PackageOwner("dpkg", "p", "1-2", false)),
          PROCESS,
          new LoadRecord.Requester("net-pf-38", PROCESS, "/tmp/evil"),
          new ContainerContext("c", "n", "i", "d", "podman"),
          new KubernetesContext("p", "ns", "u", false),
          true,
          true,
          "r",
          "w",
          List.of("TRC-1017"),
          new LoadRecord.Policy(LoadRecord.Policy.Verdict.EXPECTED, "the distribution's own"),
          2,
          List.of(new LoadRecord.Gap("file", "why")));

  @Test
  void record_comesBackFromItsValue() {
    assertThat(LoadRecords.fromValue(LoadRecords.toValue(FULL))).isEqualTo(FULL);
  }

  @Test
  void record_comesBackFromItsEvent() {
    Event basis = Call.finit(10, 0).loaded().events.getLast();
    Event event = LoadRecords.toEvent(FULL, basis);

    assertThat(event.eventName()).isEqualTo("kernel_module");
    assertThat(event.process()).isEqualTo(basis.process());
    assertThat(LoadRecords.of(event)).contains(FULL);
    assertThat(LoadRecords.of(basis)).isEmpty();
  }

  @Test
  void keys_areInTheOrderOfTheSchema() {
    assertThat(LoadRecords.toValue(FULL).fields().keySet())
        .containsExactly(
            "schema",
            "id",
            "time",
            "durationNs",
            "host",
            "action",
            "outcome",
            "returnValue",
            "errno",
            "reason",
            "route",
            "module",
            "image",
            "file",
            "loader",
            "requester",
            "codeMayHaveRun",
            "preExisting",
            "retryOf",
            "waitedOn",
            "container",
            "kubernetes",
            "findings",
            "policy",
            "repeats",
            "gaps");
  }

  @Test
  void line_isOneLineOfJsonInUtf8() {
    String line = new String(new LoadWriter().toBytes(FULL), StandardCharsets.UTF_8);

    assertThat(line)
        .startsWith("{\"schema\":\"kmodwatch.load/1\",\"id\":\"18d7-a\",\"time\":\"2026-09-21T")
        .contains(".123456789Z\"")
        .contains("\"comm\":\"a\\udcffb\"")
        .contains("\"inode\":18446744073709551615")
        .containsOnlyOnce("\n")
        .endsWith("}\n");
  }

  @Test
  void recordWithoutAnOutcome_isOneWhoseOutcomeIsNotKnown() {
    var fields = new LinkedHashMap<>(LoadRecords.toValue(FULL).fields());
    fields.remove("outcome");

    LoadRecord record = LoadRecords.fromValue(new Value.Obj(fields));

    assertThat(record.outcome()).isEqualTo(LoadRecord.Outcome.UNKNOWN);
    assertThat(LoadRecords.toValue(record).fields()).doesNotContainKey("outcome");
  }

  @Test
  void damagedRecord_isRefusedWithItsPlace() {
    var fields = new LinkedHashMap<>(LoadRecords.toValue(FULL).fields());
    fields.put("outcome", Value.of("perhaps"));
    assertThatThrownBy(() -> LoadRecords.fromValue(new Value.Obj(fields)))
        .isInstanceOf(LoadRecordException.class)
        .hasMessageContaining("outcome");
    assertThatThrownBy(() -> LoadRecords.fromValue(new Value.Obj(Map.of())))
        .isInstanceOf(LoadRecordException.class)
        .hasMessageContaining("schema");
  }
}

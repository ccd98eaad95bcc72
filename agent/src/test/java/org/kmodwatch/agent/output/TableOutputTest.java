package org.kmodwatch.agent.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.EventBuilder.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

class TableOutputTest {

  private static final ZoneId ZONE = ZoneId.of("Europe/Berlin");
  private static final SignatureMetadata TRC_1017 =
      new SignatureMetadata("TRC-1017", "1", "n", "e", "d", null, Map.of());

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private TableOutput table = plain();

  @Test
  void loadFromFile_givesFindingAndOutcome() throws IOException {
    Event read = event("security_kernel_read_file").with("pathname", "/tmp/dummy.ko").build();
    table.finding(new Finding(TRC_1017, read, null));
    table.event(read);
    table.event(event("module_load").with("name", "dummy").build());
    table.event(event("finit_module").with("fd", 3).build());
    assertThat(lines())
        .containsExactly(
            "TIME                     WHAT      WHO                       MODULE                   "
                + "                 OUTCOME",
            "2026-11-22 21:00:00.123  TRC-1017  insmod[4242] uid 0        /tmp/dummy.ko            "
                + "                 raised by security_kernel_read_file",
            "2026-11-22 21:00:00.123  load      insmod[4242] uid 0        dummy                    "
                + "                 loaded");
  }

  @Test
  void loadFromMemory_isNamedByItsSize_whenNothingElseIsKnown() throws IOException {
    table.event(event("init_module").with("len", 24576).with("param_values", "").build());
    assertThat(row(1)).contains("  (memory, 24576 bytes)  ").endsWith("  loaded");
  }

  @Test
  void load_isNamedByItsDescriptor_whenNoFileWasRead() throws IOException {
    table.event(event("finit_module").with("fd", 9).returned(-9L).build());
    assertThat(row(1))
        .contains("  (descriptor 9)  ")
        .endsWith("  failed: EBADF Bad file descriptor");
  }

  @Test
  void load_doesNotTakeTheNameOfAnEarlierLoad_ofTheSameThread() throws IOException {
    table.event(event("module_load").with("name", "first").build());
    table.event(event("init_module").with("len", 1).build());
    table.event(event("init_module").with("len", 2).returned(-1L).build());
    assertThat(row(2)).contains("(memory, 2 bytes)");
  }

  @Test
  void load_doesNotTakeTheNameOfAnotherThread() throws IOException {
    table.event(event("module_load").by("insmod", 1, 0).with("name", "first").build());
    table.event(event("init_module").by("insmod", 2, 0).with("len", 1).build());
    assertThat(row(1)).contains("(memory, 1 bytes)");
  }

  @Test
  void threadsThatNeverReturn_areForgotten_pastTheBound() throws IOException {
    for (int pid = 1; pid <= Rows.MAX_THREADS + 1; pid++) {
      table.event(event("module_load").by("x", pid, 0).with("name", "m" + pid).build());
    }
    table.event(event("init_module").by("x", 1, 0).with("len", 1).build());
    table.event(event("init_module").by("x", 2, 0).with("len", 1).build());
    assertThat(row(1)).contains("(memory, 1 bytes)");
    assertThat(row(2)).contains("  m2  ");
  }

  @Test
  void outcomes_areWorded() throws IOException {
    for (Long returned : new Long[] {0L, -1L, -13L, -129L, -126L, -8L, -17L, -4000L, null}) {
      table.event(event("init_module").returned(returned).build());
    }
    assertThat(lines().stream().skip(1).map(line -> line.substring(103)))
        .containsExactly(
            "loaded",
            "refused: EPERM Operation not permitted",
            "refused: EACCES Permission denied",
            "refused: EKEYREJECTED Key was rejected by service",
            "refused: ENOKEY Required key not available",
            "failed: ENOEXEC Exec format error",
            "failed: EEXIST File exists",
            "failed: errno 4000",
            "has not returned");
  }

  @Test
  void initThatTakesLong_isNamedAgain_whenItReturns() throws IOException {
    table.event(event("module_coming").with("name", "slow").build());
    table.event(event("init_module").with("len", 1).returned(null).build());
    table.event(event("init_module_return").with("len", 1).build());
    assertThat(row(1)).contains("  slow  ").endsWith("  has not returned");
    assertThat(row(2)).contains("  slow  ").endsWith("  loaded");
  }

  @Test
  void unload_showsItsArgument() throws IOException {
    table.event(event("delete_module").with("name", "dummy").build());
    assertThat(row(1)).contains("  unload    ", "  dummy  ").endsWith("  unloaded");
  }

  @Test
  void autoload_showsWhoAskedForWhat() throws IOException {
    table.event(
        event("security_kernel_module_request")
            .by("curl", 77, 65534)
            .with("kmod_name", "net-pf-38")
            .build());
    assertThat(row(1))
        .contains("  request   curl[77] uid 65534  ", "  net-pf-38  ")
        .endsWith("  kernel starts modprobe");
  }

  @Test
  void otherEvents_haveNoRow() throws IOException {
    table.event(event("module_free").with("name", "x").build());
    assertThat(lines()).isEmpty();
  }

  @Test
  void hostileNames_cannotDrawOnTheTerminal() throws IOException {
    table.event(
        event("delete_module")
            .by("\u001b[2J", 1, 0)
            .with("name", "a\nTRC-0000 all is well\u202e\u0007")
            .build());
    assertThat(lines()).hasSize(2);
    assertThat(row(1)).contains("\\x1b[2J[1]", "a\\nTRC-0000 all is well\\x{202e}\\x07");
  }

  @Test
  void terminal_hasTheDateOnce_andFitsTheWidth() throws IOException {
    table = onTerminal(false);
    String path = "/lib/modules/6.12.117-cloud-amd64/kernel/drivers/net/dummy.ko.xz";
    for (int i = 0; i < 2; i++) {
      table.event(event("security_kernel_read_file").with("pathname", path).build());
      table.event(event("finit_module").build());
    }
    assertThat(lines())
        .containsExactly(
            "TIME          WHAT      WHO                       MODULE                          "
                + "OUTCOME",
            "2026-11-22",
            "21:00:00.123  load      insmod[4242] uid 0        /lib/modu…vers/net/dummy.ko.xz  "
                + "loaded",
            "21:00:00.123  load      insmod[4242] uid 0        /lib/modu…vers/net/dummy.ko.xz  "
                + "loaded");
  }

  @Test
  void colour_isOnlyThereWhenAskedFor() throws IOException {
    table = onTerminal(true);
    table.event(event("init_module").returned(-1L).build());
    assertThat(row(2)).endsWith("\u001b[31mrefused: EPERM Operation not permitted\u001b[0m");
  }

  @Test
  void oldRecordings_countFromBoot() throws IOException {
    table.event(event("init_module").at(12_345_678_901_234L).build());
    assertThat(row(1)).startsWith("boot+12345.678s          load");
  }

  private TableOutput plain() {
    return new TableOutput(bytes, new TableOutput.Style(0, false, ZONE), UserNames.numbers());
  }

  private TableOutput onTerminal(boolean colour) {
    return new TableOutput(bytes, new TableOutput.Style(120, colour, ZONE), UserNames.numbers());
  }

  private String row(int index) throws IOException {
    return lines().get(index);
  }

  private List<String> lines() throws IOException {
    table.flush();
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}

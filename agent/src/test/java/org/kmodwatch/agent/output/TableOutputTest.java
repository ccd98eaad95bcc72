package org.kmodwatch.agent.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;
import static org.kmodwatch.core.testing.LoadRecordBuilder.process;
import static org.kmodwatch.core.testing.LoadRecordBuilder.request;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.testing.EventBuilder;

class TableOutputTest {

  private static final ZoneId ZONE = ZoneId.of("Europe/Berlin");
  private static final String HEADING =
      "TIME                     WHAT      WHO                                 MODULE              "
          + "      OUTCOME";
  private static final String INSMOD =
      "2026-11-22 21:00:00.123  load      insmod[4242] uid 0                  ";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private TableOutput table = plain();

  @Test
  void load_isOneRow_withItsFindings() throws IOException {
    table.accept(new Notice.OfLoad(load("dummy").findings("TRC-1017").build()));
    assertThat(lines())
        .containsExactly(HEADING, INSMOD + "dummy                     loaded  TRC-1017");
  }

  @Test
  void unload_isOneRow() throws IOException {
    table.accept(new Notice.OfLoad(load("dummy").unloaded().by(process("rmmod", 9, 0)).build()));
    assertThat(row(1))
        .isEqualTo(
            "2026-11-22 21:00:00.123  unload    rmmod[9] uid 0                      dummy         "
                + "            unloaded");
  }

  @Test
  void autoload_namesTheRequester_andWhatItAskedFor() throws IOException {
    table.accept(
        new Notice.OfLoad(
            load("af_alg")
                .by(process("modprobe", 80, 0))
                .askedBy("net-pf-38", process("curl", 77, 1000), null)
                .findings("TRC-1017")
                .build()));
    assertThat(lines())
        .containsExactly(
            HEADING,
            "2026-11-22 21:00:00.123  load      curl[77] uid 1000 via modprobe      af_alg        "
                + "            loaded [autoload net-pf-38]  TRC-1017");
  }

  @Test
  void outcomes_areWorded_withReasonAndErrno() throws IOException {
    table.accept(new Notice.OfLoad(load("a").refused().build()));
    table.accept(new Notice.OfLoad(load("a").failed(-8L, "it is not a module").build()));
    table.accept(new Notice.OfLoad(load("a").failed(-8L, null).build()));
    table.accept(new Notice.OfLoad(load("a").failed(-4000L, null).build()));
    table.accept(new Notice.OfLoad(load("a").failed(null, null).build()));
    table.accept(new Notice.OfLoad(load("a").notReturned().build()));
    assertThat(outcomes())
        .containsExactly(
            "refused: the signature is not by a trusted key (EKEYREJECTED)",
            "failed: it is not a module (ENOEXEC)",
            "failed: Exec format error (ENOEXEC)",
            "failed: errno 4000",
            "failed, the call has not returned",
            "loaded, the call has not returned");
  }

  @Test
  void routes_areShown_whereTheyAreNoPlainFile() throws IOException {
    table.accept(new Notice.OfLoad(load("a").memory(24_576).build()));
    table.accept(
        new Notice.OfLoad(load("a").from("/memfd:x", LoadRecord.Place.MEMFD, true).build()));
    table.accept(
        new Notice.OfLoad(
            load("a").from("/lib/modules/x.ko", LoadRecord.Place.DISTRIBUTION, true).build()));
    table.accept(
        new Notice.OfLoad(load("a").compat().flags("MODULE_INIT_IGNORE_VERMAGIC").build()));
    table.accept(new Notice.OfLoad(load("a").flags("MODULE_INIT_COMPRESSED_FILE").build()));
    assertThat(outcomes())
        .containsExactly(
            "loaded [memory]",
            "loaded [memfd]",
            "loaded [deleted file]",
            "loaded [compat, forced]",
            "loaded");
  }

  @Test
  void module_isItsName_elseItsFile_elseItsSize() throws IOException {
    table.accept(
        new Notice.OfLoad(
            load("a").from("/lib/modules/6/a.ko", LoadRecord.Place.DISTRIBUTION, false).build()));
    table.accept(
        new Notice.OfLoad(load("a").from("/tmp/a.ko", LoadRecord.Place.TEMPORARY, false).build()));
    table.accept(
        new Notice.OfLoad(
            load(null).from("/lib/modules/6/a.ko", LoadRecord.Place.UPDATES, false).build()));
    table.accept(new Notice.OfLoad(load(null).memory(24_576).refused().build()));
    table.accept(new Notice.OfLoad(load(null).failed(-9L, null).build()));
    assertThat(lines().stream().skip(1).map(line -> line.substring(71).split(" {2}", 2)[0]))
        .containsExactly("a", "a (/tmp/a.ko)", "/lib/modules/6/a.ko", "(24576 bytes)", "-");
  }

  @Test
  void loaderThatNobodySaw_isADash_andTheReasonIsTold() throws IOException {
    table.accept(
        new Notice.OfLoad(load("a").by(null).gap("loader", "no system call was seen").build()));
    assertThat(row(1)).contains("  load      -            ");
    assertThat(row(2)).isEqualTo("    loader not known: no system call was seen");
  }

  @Test
  void recordOfAnIdThatWasThereBefore_saysWhy() throws IOException {
    table.accept(
        new Notice.OfLoad(load("a").build().replacing("the call had not returned by then")));
    assertThat(row(2))
        .isEqualTo("    replaces a record of this id: the call had not returned by then");
  }

  @Test
  void moreThanThat_isOneIndentedLine() throws IOException {
    table.accept(
        new Notice.OfFinding(
            finding("KMW-1002", "Module loaded from a memfd", 3, event("kernel_module"))));
    table.accept(
        new Notice.OfLoad(
            load("a")
                .refused(-13L, "a parameter said no")
                .findings("TRC-1017", "KMW-1002")
                .askedBy("fs-xfs", process("mount", 7, 0), "/tmp/evil")
                .in(
                    new ContainerContext("0123456789abcdef", null, null, null, null),
                    new KubernetesContext("web-1", "shop", null, null))
                .codeMayHaveRun()
                .waitedOn("x")
                .retryOf("y")
                .repeats(3)
                .gap("loader.args", "the page was not there")
                .build()));
    assertThat(row(2))
        .isEqualTo(
            "    KMW-1002 Module loaded from a memfd; code of the module may have run; the kernel"
                + " starts /tmp/evil, which is new; in container 0123456789ab of pod shop/web-1;"
                + " was given the result of another call for the same file; second try of the call"
                + " before it; stands for 3 attempts");
    assertThat(lines()).hasSize(3);
  }

  @Test
  void container_hasItsName() throws IOException {
    table.accept(
        new Notice.OfLoad(
            load("a")
                .in(new ContainerContext("0123", "web", null, null, null), KubernetesContext.NONE)
                .build()));
    assertThat(row(2)).isEqualTo("    in container web");
  }

  @Test
  void preExistingModules_haveNoRow() throws IOException {
    table.accept(new Notice.OfLoad(load("ext4").preExisting().build()));
    assertThat(lines()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"init_module", "module_load", "kernel_module", "delete_module"})
  void findingOnPartOfALoad_hasNoRowOfItsOwn(String event) throws IOException {
    table.accept(new Notice.OfFinding(finding("TRC-1017", "t", 2, event(event))));
    assertThat(lines()).isEmpty();
  }

  @Test
  void findingOnAModuleFile_hasNoRowOfItsOwn_butOneOnAnotherFileHas() throws IOException {
    table.accept(
        new Notice.OfFinding(
            finding(
                "A-1", "t", 2, event("security_kernel_read_file").with("type", "kernel-module"))));
    table.accept(
        new Notice.OfFinding(
            finding("A-2", "t", 2, event("security_kernel_read_file").with("type", 2))));
    table.accept(
        new Notice.OfFinding(
            finding(
                "A-3",
                "Firmware was read",
                2,
                event("security_kernel_read_file")
                    .with("pathname", "/fw")
                    .with("type", "firmware"))));
    assertThat(lines())
        .containsExactly(
            HEADING,
            "2026-11-22 21:00:00.123  A-3       insmod[4242] uid 0                  /fw           "
                + "            Firmware was read");
  }

  @Test
  void findingOfNoLoad_hasARow() throws IOException {
    table.accept(
        new Notice.OfFinding(
            finding("KMW-1009", "A module hides", 3, event("module_hidden").with("name", "evil"))));
    assertThat(row(1))
        .isEqualTo(
            "2026-11-22 21:00:00.123  KMW-1009  insmod[4242] uid 0                  evil          "
                + "            A module hides");
  }

  @Test
  void requestThatCameToNothing_hasARow() throws IOException {
    table.accept(new Notice.OfLoad(request("net-pf-99", process("curl", 77, 65534)).build()));
    table.accept(
        new Notice.OfLoad(
            request("net-pf-99", process("curl", 77, 65534))
                .refused(-1L, "a security module said no")
                .build()));
    table.accept(
        new Notice.OfLoad(
            request(null, process("curl", 77, 65534))
                .refused(-1L, "held back")
                .repeats(4000)
                .build()));
    assertThat(lines())
        .containsExactly(
            HEADING,
            "2026-11-22 21:00:00.123  request   curl[77] uid 65534                  net-pf-99     "
                + "            failed: no load was seen for it within 60 s",
            "2026-11-22 21:00:00.123  request   curl[77] uid 65534                  net-pf-99     "
                + "            refused: a security module said no (EPERM)",
            "2026-11-22 21:00:00.123  request   curl[77] uid 65534                  -             "
                + "            refused: held back (EPERM)",
            "    stands for 4,000 requests");
  }

  @Test
  void events_haveNoRow() throws IOException {
    table.accept(new Notice.OfEvent(event("finit_module").build()));
    assertThat(lines()).isEmpty();
  }

  @Test
  void hostileNames_cannotDrawOnTheTerminal() throws IOException {
    table.accept(
        new Notice.OfLoad(
            load("a\nTRC-0000 all is well\u202e\u0007")
                .by(process("\u001b[2J", 1, 0))
                .gap("requester", "\u001b]0;x\u0007\n")
                .build()));
    assertThat(lines()).hasSize(3);
    assertThat(row(1)).contains("\\x1b[2J[1]", "a\\nTRC-0000 all is well\\x{202e}\\x07");
    assertThat(row(2)).isEqualTo("    requester not known: \\x1b]0;x\\x07\\n");
  }

  @Test
  void terminal_hasTheDateOnce_andFitsTheWidth() throws IOException {
    table = onTerminal(false);
    String path = "/home/user/src/driver/dummy.ko";
    for (int i = 0; i < 2; i++) {
      table.accept(
          new Notice.OfLoad(load("dummy").from(path, LoadRecord.Place.HOME, false).build()));
    }
    assertThat(lines())
        .containsExactly(
            "TIME          WHAT      WHO                                 MODULE              "
                + "          OUTCOME",
            "2026-11-22",
            "21:00:00.123  load      insmod[4242] uid 0                  "
                + "dummy (/h…c/driver/dummy.ko)  loaded",
            "21:00:00.123  load      insmod[4242] uid 0                  "
                + "dummy (/h…c/driver/dummy.ko)  loaded");
  }

  @Test
  void colour_isOnlyThereWhenAskedFor() throws IOException {
    table = onTerminal(true);
    table.accept(new Notice.OfFinding(finding("KMW-1", "Low", 1, event("kernel_module"))));
    table.accept(new Notice.OfFinding(finding("KMW-3", "High", 3, event("kernel_module"))));
    table.accept(
        new Notice.OfLoad(load("a").refused(-1L, "no capability").findings("KMW-1").build()));
    table.accept(new Notice.OfLoad(load("a").findings("KMW-1", "KMW-3").build()));
    assertThat(row(2)).endsWith("\u001b[31mrefused: no capability (EPERM)  KMW-1\u001b[0m");
    assertThat(row(3)).isEqualTo("    \u001b[1;33mKMW-1 Low\u001b[0m");
    assertThat(row(4)).endsWith("\u001b[32mloaded  KMW-1 KMW-3\u001b[0m");
    assertThat(row(5)).isEqualTo("    \u001b[1;31mKMW-1 Low; KMW-3 High\u001b[0m");
  }

  @Test
  void oldRecordings_countFromBoot() throws IOException {
    table.accept(
        new Notice.OfFinding(
            finding("KMW-1009", "x", 3, event("module_hidden").at(12_345_678_901_234L))));
    assertThat(row(1)).startsWith("boot+12345.678s          KMW-1009");
  }

  private static Finding finding(String id, String name, int severity, EventBuilder event) {
    Event built = event.build();
    return new Finding(
        new SignatureMetadata(
            id, "1", name, "e", "d", null, Map.of("Severity", Value.of(severity))),
        built,
        null);
  }

  private TableOutput plain() {
    return new TableOutput(bytes, new TableOutput.Style(0, false, ZONE), UserNames.numbers());
  }

  private TableOutput onTerminal(boolean colour) {
    return new TableOutput(bytes, new TableOutput.Style(120, colour, ZONE), UserNames.numbers());
  }

  private List<String> outcomes() throws IOException {
    return lines().stream().skip(1).map(line -> line.substring(97)).toList();
  }

  private String row(int index) throws IOException {
    return lines().get(index);
  }

  private List<String> lines() throws IOException {
    table.flush();
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}

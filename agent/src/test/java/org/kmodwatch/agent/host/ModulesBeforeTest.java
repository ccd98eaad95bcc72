package org.kmodwatch.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.core.load.LoadRecord;

class ModulesBeforeTest {

  private static final LoadRecord.Host HOST =
      new LoadRecord.Host("web1", null, "boot1", "6.12.117", "x86_64");

  @TempDir Path folder;
  private FakeRoot root;

  @BeforeEach
  void makeRoot() {
    root = FakeRoot.healthyIn(folder);
  }

  @Test
  void module_isRecorded_withWhatItsFilesSay() {
    root.with("proc/modules", "dummy 16384 1 bridge,stp, Live 0x0000000000000000 (OE)\n")
        .with("sys/module/dummy/coresize", "12288\n")
        .with("sys/module/dummy/taint", "POE\n")
        .with("sys/module/dummy/version", "1.0\n")
        .with("sys/module/dummy/srcversion", "ABC123\n")
        .with("sys/module/dummy/holders/stp/x", "")
        .with("sys/module/dummy/holders/bridge/x", "")
        .with("sys/module/dummy/initstate", "live\n");
    ModulesBefore before = ModulesBefore.at(folder, HOST, 5);
    assertThat(before.records()).hasSize(1);
    LoadRecord record = before.records().getFirst();
    assertThat(record.module())
        .isEqualTo(
            LoadRecord.ModuleDetails.ofKernel(
                "dummy",
                "1.0",
                "ABC123",
                List.of("PROPRIETARY", "OUT_OF_TREE", "UNSIGNED"),
                12_288L,
                List.of("bridge", "stp")));
    assertThat(record.preExisting()).isTrue();
    assertThat(record.outcome()).isEqualTo(LoadRecord.Outcome.LOADED);
    assertThat(record.timeNanos()).isEqualTo(5);
    assertThat(record.host()).isEqualTo(HOST);
    assertThat(record.loader()).isNull();
    assertThat(record.gaps())
        .containsExactly(
            new LoadRecord.Gap("loader", "loaded before Kmodwatch started"),
            new LoadRecord.Gap(
                "module.sizeBytes", "the memory it takes, loaded before Kmodwatch started"));
  }

  @Test
  void ids_areTheSame_untilTheNextBoot() {
    root.with("proc/modules", "a 1 0 - Live 0x0\nb 1 0 - Live 0x0\n");
    List<String> ids = idsOf(HOST);
    assertThat(ids).doesNotHaveDuplicates().hasSize(2).isEqualTo(idsOf(HOST));
    assertThat(idsOf(new LoadRecord.Host("web1", null, "boot2", null, null)))
        .doesNotContainAnyElementsOf(ids);
  }

  @Test
  void moduleOfOnePlaceOnly_isRecorded() {
    root.with("proc/modules", "shown 1 0 - Live 0x0\nnosys 1 0 - Live 0x0\n")
        .with("sys/module/shown/initstate", "live\n")
        .with("sys/module/noproc/initstate", "live\n")
        .with("sys/module/builtin/parameters/x", "1\n");
    ModulesBefore before = ModulesBefore.at(folder, HOST, 0);
    assertThat(names(before.records())).containsExactly("shown", "nosys", "noproc");
  }

  @Test
  void moduleThatIsBeingLoaded_isLeftAside() {
    root.with("proc/modules", "slow 1 1 - Loading 0x0 (OE+)\n")
        .with("sys/module/slower/initstate", "coming\n");
    ModulesBefore before = ModulesBefore.at(folder, HOST, 0);
    assertThat(before.records()).isEmpty();
    assertThat(names(before.loading())).containsExactly("slow", "slower");
  }

  @Test
  void moduleThatTheSensorSawComeIn_isLeftOut() {
    root.with("proc/modules", "a 1 0 - Live 0x0\nb 1 0 - Live 0x0\n");
    ModulesBefore before = ModulesBefore.at(folder, HOST, 0).without(Set.of("a"));
    assertThat(names(before.records())).containsExactly("b");
  }

  @Test
  void hostileNames_areOnlyNames() {
    root.with(
        "proc/modules",
        "../../etc/x 1 0 - Live 0x0\nwith space 2 0 - Live 0x0\n.. 3 0 - Live 0x0\nnot a line\n");
    ModulesBefore before = ModulesBefore.at(folder, HOST, 0);
    assertThat(names(before.records())).containsExactly("../../etc/x", "with space", "..");
  }

  @Test
  void kernelWithoutUnloading_hasDashes() {
    root.with("proc/modules", "a 8192 - - Live 0xffffffffc0000000\n");
    assertThat(names(ModulesBefore.at(folder, HOST, 0).records())).containsExactly("a");
  }

  @Test
  void endlessList_isCut() {
    var lines = new StringBuilder();
    for (int i = 0; i < ModuleList.MAX_MODULES + 10; i++) {
      lines.append('m').append(i).append(" 1 0 - Live 0x0\n");
    }
    root.with("proc/modules", lines.toString());
    assertThat(new ModuleList(folder).all()).hasSize(ModuleList.MAX_MODULES);
  }

  private List<String> idsOf(LoadRecord.Host host) {
    return ModulesBefore.at(folder, host, 0).records().stream().map(LoadRecord::id).toList();
  }

  private static List<String> names(List<LoadRecord> records) {
    return records.stream().map(r -> String.valueOf(r.module().name())).toList();
  }
}

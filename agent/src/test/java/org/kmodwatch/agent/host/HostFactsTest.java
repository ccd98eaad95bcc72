package org.kmodwatch.agent.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.core.load.LoadRecord;

class HostFactsTest {

  @TempDir Path folder;

  @Test
  void host_isWhatItsFilesSay() {
    FakeRoot.healthyIn(folder)
        .with("proc/sys/kernel/hostname", "web1\n")
        .with("etc/machine-id", "b08dfa6083e7567a1921a715000001fb\n")
        .with("proc/sys/kernel/random/boot_id", "5b1ae6d3-34a5-4f3d-9f0f-2f1c7a3f2f11\n");
    assertThat(HostFacts.of(folder, "x86_64"))
        .isEqualTo(
            new LoadRecord.Host(
                "web1",
                "b08dfa6083e7567a1921a715000001fb",
                "5b1ae6d3-34a5-4f3d-9f0f-2f1c7a3f2f11",
                "6.12.117",
                "x86_64"));
  }

  @Test
  void partsThatCannotBeRead_areNull() {
    assertThat(HostFacts.of(folder, "aarch64"))
        .isEqualTo(new LoadRecord.Host(null, null, null, null, "aarch64"));
  }

  @Test
  void modprobePath_isEmpty_whereTheKernelStartsNothing() {
    FakeRoot root = FakeRoot.healthyIn(folder).with("proc/sys/kernel/modprobe", "/sbin/modprobe\n");
    assertThat(HostFacts.modprobePath(folder)).contains("/sbin/modprobe");
    root.with("proc/sys/kernel/modprobe", "\n");
    assertThat(HostFacts.modprobePath(folder)).isEmpty();
  }
}

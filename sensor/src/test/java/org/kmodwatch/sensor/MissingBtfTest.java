package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MissingBtfTest {

  @TempDir Path sys;

  @Test
  void remedy_isToMountSys_whereNothingIsMountedThere() {
    assertThat(MissingBtf.remedy(sys))
        .isEqualTo("%s is not mounted; mount it: mount -t sysfs sysfs %s".formatted(sys, sys));
  }

  @Test
  void remedy_isAnotherKernel_whereItDescribesNothing() throws IOException {
    Files.createDirectories(sys.resolve("kernel"));
    assertThat(MissingBtf.remedy(sys))
        .isEqualTo(
            "the kernel must be built with CONFIG_DEBUG_INFO_BTF, as those of Debian 11 and newer"
                + " are");
  }

  @Test
  void remedy_isToLookWhoMayRead_whereTheDescriptionIsThere() throws IOException {
    Files.createDirectories(sys.resolve("kernel/btf"));
    Files.createFile(sys.resolve("kernel/btf/vmlinux"));
    assertThat(MissingBtf.remedy(sys))
        .isEqualTo(sys.resolve("kernel/btf/vmlinux") + " is there: see that it can be read");
  }
}

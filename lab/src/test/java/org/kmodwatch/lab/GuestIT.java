package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests the machine itself: the result of a run, and the end of a failed run. Boots real kernels.
 */
class GuestIT {

  private static final Duration LIMIT = Duration.ofMinutes(4);

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("org.kmodwatch.lab.TestKernels#few")
  void run_givesStatusOutputAndFiles_whenScriptEnds(String kernel) throws IOException {
    Path added = Files.writeString(folder.resolve("a file"), "from the host");
    String script =
        """
        lsmod | tail -n +2 | wc -l
        uname -r
        cat '/root/sub dir/b file'; echo
        for p in insmod modprobe rmmod; do readlink -f "$(command -v $p)"; done
        dd if=/dev/zero of=/out/large.bin bs=1M count=30 2>/dev/null
        exit 7
        """;

    LabResult result =
        Boots.run(
            LabRun.of(kernel, script)
                .withoutSensor()
                .withFile(new AddedFile(added, "/root/sub dir/b file"))
                .withOut(folder.resolve("out"))
                .withTimeout(LIMIT));

    assertThat(result.exitStatus()).isEqualTo(7);
    assertThat(Files.readAllLines(result.guestLog()))
        .satisfies(lines -> assertThat(lines.get(1)).startsWith(TestKernels.version(kernel) + "."))
        .startsWith("0")
        .endsWith("from the host", "/usr/bin/kmod", "/usr/bin/kmod", "/usr/bin/kmod");
    assertThat(result.out().resolve("large.bin")).hasSize(30L << 20);
    assertThat(result.consoleLog())
        .content()
        .contains("Linux version " + TestKernels.version(kernel) + ".");
  }

  @Test
  void run_loadsTestModules_whenAdded() {
    LabResult result =
        Boots.run(
            LabRun.of("6.1", "insmod kw_plain.ko && kwload delete kw_plain")
                .withoutSensor()
                .withFile(Lab.testModule("6.1", "kw_plain"))
                .withOut(folder)
                .withTimeout(LIMIT));

    assertThat(result.exitStatus()).isZero();
    assertThat(result.guestLog()).hasContent("delete ret=0 errno=0");
  }

  @Test
  void run_endsWithConsole_whenKernelPanics() {
    String script = "echo before; sleep 0.5; echo c >/proc/sysrq-trigger";

    assertThatThrownBy(
            () ->
                Boots.run(
                    LabRun.of("6.12", script).withoutSensor().withOut(folder).withTimeout(LIMIT)))
        .isInstanceOf(LabException.GuestPanicked.class)
        .hasMessageContaining("the guest's kernel panicked while the script ran: ")
        .hasMessageContaining("Kernel panic - not syncing: sysrq triggered crash")
        .asInstanceOf(InstanceOfAssertFactories.type(LabException.class))
        .satisfies(
            e -> assertThat(String.join("\n", e.lastLines())).contains("sysrq_handle_crash"));
    assertThat(folder.resolve("guest.log")).hasContent("before");
  }

  @Test
  void run_endsAtItsLimit_whenScriptHangs() {
    assertThatThrownBy(
            () ->
                Boots.run(
                    LabRun.of("6.1", "echo before; sleep 1000")
                        .withoutSensor()
                        .withOut(folder)
                        .withTimeout(Duration.ofSeconds(20))))
        .isInstanceOf(LabException.GuestHung.class)
        .hasMessageStartingWith("the guest did not finish within 20 s, while the script ran; see ");
    assertThat(folder.resolve("guest.log")).hasContent("before");
    assertThat(folder.resolve("console.log")).isNotEmptyFile();
  }

  @Test
  void run_saysSo_whenScriptTurnsTheGuestOff() {
    assertThatThrownBy(
            () ->
                Boots.run(
                    LabRun.of("6.1", "poweroff -f")
                        .withoutSensor()
                        .withOut(folder)
                        .withTimeout(LIMIT)))
        .isInstanceOf(LabException.GuestFailed.class)
        .hasMessageStartingWith("the guest went off while the script ran, without results; see ");
  }
}

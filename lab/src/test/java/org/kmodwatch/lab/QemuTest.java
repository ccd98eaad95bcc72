package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class QemuTest {

  private static final LabRun RUN = LabRun.of("6.12", "true");

  @Test
  void command_hasTwoProcessorsAndTheHostsTime_unlessAskedFor() {
    assertThat(command(RUN))
        .containsSequence("-accel", "tcg,thread=single")
        .containsSequence("-smp", "2")
        .doesNotContain("-icount");
  }

  @Test
  void command_hasAThreadForEachProcessor_whenAskedFor() {
    assertThat(command(RUN.withAccelerator(Accelerator.MTTCG)))
        .containsSequence("-accel", "tcg,thread=multi")
        .containsSequence("-smp", "2");
  }

  @Test
  void command_countsInstructionsOfOneProcessor_whenAskedFor() {
    assertThat(command(RUN.withInstructionClock()))
        .containsSequence("-accel", "tcg,thread=single")
        .containsSequence("-icount", "shift=0,sleep=off")
        .containsSequence("-smp", "1");
  }

  @Test
  void labRun_keepsTheInstructionClock_whenItsOtherValuesChange() {
    LabRun counted = RUN.withInstructionClock();

    assertThat(counted.withoutSensor().withKernelArguments(List.of("quiet")).instructionClock())
        .isTrue();
    assertThat(counted.withTimeout(LabRun.DEFAULT_TIMEOUT).withFiles(List.of())).isEqualTo(counted);
  }

  @Test
  void labRun_refusesTheInstructionClock_whenTheHostsProcessorRunsTheGuest() {
    assertThatThrownBy(() -> RUN.withInstructionClock().withAccelerator(Accelerator.KVM))
        .isInstanceOf(LabException.Usage.class)
        .hasMessage("instructions are counted with tcg alone: accelerator=kvm");
  }

  private static List<String> command(LabRun run) {
    return Qemu.command(
        Qemu.find(run.accelerator()),
        new LabKernel("6.12", "linux-image", Path.of("kernel"), "package", "1", "6.12.1"),
        run,
        new Qemu.MachineFiles(
            Path.of("initrd"),
            Path.of("console"),
            Path.of("control"),
            Path.of("results"),
            Path.of("firmware")));
  }
}

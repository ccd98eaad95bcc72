package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that the armed sensor costs nothing in a system call that does not concern modules. */
final class SystemCallCostIT {

  private static final double CALLS = 10_000;

  @ParameterizedTest(name = "kernel {0}")
  @MethodSource("org.kmodwatch.lab.TestKernels#newest")
  void getppid_takesAsManyInstructionsAsWithoutTheSensor(String kernel) throws IOException {
    LabResult result =
        Boots.run(
            LabRun.of(kernel, Resources.text("system-call.sh"))
                .withAgent(GuestAgent.AT_HAND)
                .withInstructionClock());
    List<String> ticks = Files.readAllLines(result.guestLog());

    assertThat(result.exitStatus()).isZero();
    assertThat(ticks).hasSize(2);
    assertThat(Long.parseLong(ticks.get(1)) / CALLS)
        .isCloseTo(Long.parseLong(ticks.get(0)) / CALLS, within(0.1));
  }
}

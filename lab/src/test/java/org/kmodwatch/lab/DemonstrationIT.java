package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the demonstration, which ends with 1 if Kmodwatch missed a load. */
class DemonstrationIT {

  @TempDir Path folder;

  @Test
  void demonstration_showsWhatWasSeen_afterEachOfItsSixLoads() {
    LabRun demonstration = Lab.demonstration("6.12", LabListener.NONE);

    LabResult result = Boots.run(demonstration.withOut(folder).withTimeout(Duration.ofMinutes(8)));

    assertThat(result.guestLog()).content().doesNotContain("missed").contains("\n6. ");
    assertThat(result.exitStatus()).isZero();
    assertThat(result.findings()).content().contains("\"TRC-1017\"");
    assertThat(result.ledger()).isNotEmptyFile();
  }
}

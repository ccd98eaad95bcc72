package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.StatusLine;

class StageClockTest {

  private static final String ERASE = "\r\u001b[K";

  private final ByteArrayOutputStream terminal = new ByteArrayOutputStream();
  private final StatusLine line =
      StatusLine.on(new PrintStream(terminal, true, StandardCharsets.UTF_8));
  private long now;

  @Test
  void stage_isShown_withTheTimeSoFar() {
    try (StageClock clock = StageClock.still(line, () -> now)) {
      clock.stage("booting 6.12");
      now = 1_500_000_000L;
      clock.show();
      now = 2_000_000_000L;
      clock.stage("collecting the results");
      now = 2_300_000_000L;
      clock.show();
    }
    assertThat(terminal.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            ERASE
                + "lab: booting 6.12: 1.5 s"
                + ERASE
                + ERASE
                + "lab: collecting the results: 0.3 s"
                + ERASE);
  }

  @Test
  void nothing_isShown_whileTheScriptRuns() {
    try (StageClock clock = StageClock.still(line, () -> now)) {
      clock.stage("");
      clock.show();
    }
    assertThat(terminal.size()).isZero();
  }
}

package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.shell.StatusLine;

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
  void stageOfKnownLength_isShown_withABar_thatIsNotFullBeforeItsEnd() {
    try (StageClock clock = StageClock.still(line, () -> now)) {
      clock.stage("booting 6.12", Duration.ofSeconds(4));
      now = 1_000_000_000L;
      clock.show();
      now = 9_000_000_000L;
      clock.show();
    }
    assertThat(terminal.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            ERASE
                + "lab: booting 6.12  25 % [===>        ]: 1.0 s"
                + ERASE
                + "lab: booting 6.12  99 % [===========>]: 9.0 s"
                + ERASE);
  }

  @Test
  void bootTimes_areThoseOfTheLastTime_whereThereIsOne(@TempDir Path folder) throws IOException {
    var times = new BootTimes(folder.resolve("boots"));
    LabRun run = LabRun.of("6.12", "true");
    assertThat(times.usual(run)).isEqualTo(BootTimes.FIRST);
    times.remember(run, Duration.ofMillis(5_250));
    times.remember(run.withoutSensor(), Duration.ofMillis(3_100));
    assertThat(times.usual(run)).isEqualTo(Duration.ofMillis(5_250));
    assertThat(times.usual(run.withoutSensor())).isEqualTo(Duration.ofMillis(3_100));

    try (Stream<Path> files = Files.list(folder.resolve("boots"))) {
      for (Path file : files.toList()) {
        Files.writeString(file, "soon\n");
      }
    }
    assertThat(times.usual(run)).isEqualTo(BootTimes.FIRST);
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

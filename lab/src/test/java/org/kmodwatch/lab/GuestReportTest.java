package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuestReportTest {

  private static final Path OUT = Path.of("/out");

  private final List<String> progress = new ArrayList<>();
  private Duration now = Duration.ZERO;
  private final GuestReport report =
      new GuestReport(
          () -> now,
          new LabListener() {
            @Override
            public void progress(String line) {
              progress.add(line);
            }
          });

  @Test
  void result_hasStatusAndTimes_whenScriptEnded() {
    tell(5200, "armed");
    tell(8300, "script 3");
    tell(8400, "results");

    assertThat(report.result(OUT))
        .isEqualTo(new LabResult(3, OUT, Duration.ofMillis(5200), Duration.ofMillis(3100)));
    assertThat(report.hasResults()).isTrue();
    assertThat(progress).containsExactly("armed after 5.2 s", "script ran 3.1 s, status 3");
  }

  @Test
  void result_isAbsent_whenScriptIsStillRunning() {
    tell(5200, "armed");

    assertThat(report.result(OUT)).isNull();
    assertThat(report.phase()).isEqualTo("while the script ran");
  }

  @Test
  void failure_isTheFirstThatWasTold() {
    tell(1, "failed the sensor ended with status 69 before it was armed");
    tell(2, "failed again");

    assertThat(report.failure()).isEqualTo("the sensor ended with status 69 before it was armed");
    assertThat(report.phase()).isEqualTo("before the sensor was armed");
  }

  @Test
  void accept_leavesNoiseAlone() {
    tell(1, "script 1");
    tell(2, "");
    tell(3, "script of somebody");

    assertThat(report.result(OUT)).isNull();
    assertThat(progress).isEmpty();
  }

  private void tell(long atMillis, String line) {
    now = Duration.ofMillis(atMillis);
    report.accept(line);
  }
}

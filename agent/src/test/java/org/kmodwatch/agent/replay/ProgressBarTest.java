package org.kmodwatch.agent.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.shell.StatusLine;
import picocli.CommandLine;

class ProgressBarTest {

  private static final String RECORDING = "src/test/resources/recordings/flat.ndjson";
  private static final String ERASE = "\r\u001b[K";

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private long now;

  @Test
  void text_hasShareSpeedAndTimeLeft() {
    assertThat(ProgressBar.text("replay", 1_000_000_000, 4_000_000_000L, 2_000_000_000L))
        .isEqualTo("replay  25 % [===>        ] 1.00 of 4.00 GB, 500 MB/s, 6 s left");
    assertThat(ProgressBar.text("replay", 1_000_000, 100_000_000, 1_000_000_000L))
        .isEqualTo("replay   1 % [>           ] 1 of 100 MB, 1 MB/s, 1 min 39 s left");
    assertThat(ProgressBar.text("replay", 1_000_000, 36_001_000_000L, 1_000_000_000L))
        .endsWith("0.00 of 36.00 GB, 1 MB/s, 10 h 00 min left");
  }

  @Test
  void text_fitsTheTerminal_whenEverythingIsLong() {
    assertThat(
            ProgressBar.text("catching up", 99_990_000_000L, 999_990_000_000L, 1_000_000_000_000L))
        .hasSizeLessThanOrEqualTo(StatusLine.MAX_COLUMNS);
  }

  @Test
  void percent_isHundredOnlyAtTheEnd() {
    assertThat(ProgressBar.percent(999, 1000)).isEqualTo(99);
    assertThat(ProgressBar.percent(1000, 1000)).isEqualTo(100);
    assertThat(ProgressBar.percent(0, 0)).isEqualTo(100);
  }

  @Test
  void bar_appearsAfterHalfASecond_andIsNotDrawnTooOften() {
    var bar = new ProgressBar(line(), () -> now, 100);
    bar.at("replay", 10);
    now = ProgressBar.FIRST_NANOS - 1;
    bar.at("replay", 20);
    assertThat(written()).isEmpty();
    now = ProgressBar.FIRST_NANOS;
    bar.at("replay", 30);
    assertThat(written()).startsWith(ERASE + "replay  30 %");
    int length = written().length();
    now += ProgressBar.INTERVAL_NANOS - 1;
    bar.at("replay", 31);
    assertThat(written()).hasSize(length);
  }

  @Test
  void line_isTakenAway_beforeOthersWrite() throws IOException {
    StatusLine line = line();
    var out = new ByteArrayOutputStream();
    var both =
        new java.io.OutputStream() {
          @Override
          public void write(int b) {
            out.write(b);
            err.write(b);
          }
        };
    line.show("half way");
    line.before(both).write("a finding\n".getBytes(StandardCharsets.UTF_8));
    line.before(both).write("another\n".getBytes(StandardCharsets.UTF_8));
    assertThat(written()).isEqualTo(ERASE + "half way" + ERASE + "a finding\nanother\n");
    assertThat(out).hasToString("a finding\nanother\n");
  }

  @Test
  void line_isCutAndEscaped() {
    line().show("\u001b[2J" + "x".repeat(200));
    assertThat(written()).isEqualTo(ERASE + "\\x1b[2J" + "x".repeat(72));
  }

  @Test
  void line_isNeverShown_onADumbTerminalOrNone() {
    StatusLine dumb =
        StatusLine.of(new Cli().withErrOnTerminal().variable("TERM", "dumb").shell(err));
    StatusLine none = StatusLine.of(new Cli().shell(err));
    for (StatusLine line : new StatusLine[] {dumb, none}) {
      line.show("half way");
      line.clear();
      assertThat(line.isVisible()).isFalse();
    }
    assertThat(written()).isEmpty();
  }

  @Test
  void replay_showsProgress_andLeavesNoneBehind() {
    replay(new Cli().withErrOnTerminal());
    String written = written();
    assertThat(written).startsWith(ERASE + "replay 100 % [============] 0 of 0 MB, ");
    assertThat(written.substring(written.lastIndexOf(ERASE) + ERASE.length()))
        .isEqualTo("7 lines, 7 events, 4 loads, 3 findings, 0 bad lines, 0 malformed events\n");
  }

  @Test
  void replay_showsNone_withoutTerminalOrWhenToldSo() {
    replay(new Cli());
    replay(new Cli().withErrOnTerminal(), "--no-progress");
    assertThat(written()).doesNotContain("\r", "%");
  }

  private void replay(Cli cli, String... options) {
    // The clock advances by a second at each call.
    var surroundings =
        new ReplayRun.Surroundings(
            () -> now += 1_000_000_000L, Duration.ofDays(1), () -> () -> false);
    var line = new CommandLine(new ReplayCommand(cli.shell(err), surroundings));
    var arguments = new java.util.ArrayList<>(java.util.List.of(options));
    arguments.add(Path.of(RECORDING).toString());
    assertThat(line.execute(arguments.toArray(String[]::new))).isZero();
  }

  private StatusLine line() {
    return StatusLine.of(new Cli().withErrOnTerminal().shell(err));
  }

  private String written() {
    return err.toString(StandardCharsets.UTF_8);
  }
}

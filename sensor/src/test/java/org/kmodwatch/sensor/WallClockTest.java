package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WallClockTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long BOOTED = 1_790_000_000L * SECOND;
  private static final long LONG_AGO = 1_577_836_800L * SECOND;

  @Test
  void offset_isThatOfTheCallsEntry_whenTheClockIsSetMeanwhile() {
    WallClock clock = WallClock.of(BOOTED);

    assertThat(clock.follow(10 * SECOND, LONG_AGO)).isTrue();
    assertThat(clock.follow(20 * SECOND, BOOTED)).isTrue();

    assertThat(clock.offsetAt(9 * SECOND)).isEqualTo(BOOTED);
    assertThat(clock.offsetAt(10 * SECOND)).isEqualTo(LONG_AGO);
    assertThat(clock.offsetAt(19 * SECOND)).isEqualTo(LONG_AGO);
    assertThat(clock.offsetAt(20 * SECOND)).isEqualTo(BOOTED);
  }

  @Test
  void steadyTime_goesOn_whenTheClockIsSet() {
    WallClock clock = WallClock.of(BOOTED);
    long before = clock.steadyNanos(9 * SECOND);

    clock.follow(10 * SECOND, LONG_AGO);

    assertThat(clock.steadyNanos(11 * SECOND) - before).isEqualTo(2 * SECOND);
    long shown = 11 * SECOND + clock.offsetAt(11 * SECOND);
    assertThat(shown - clock.shiftAt(11 * SECOND)).isEqualTo(clock.steadyNanos(11 * SECOND));
  }

  @Test
  void smallDifference_isNoStep() {
    WallClock clock = WallClock.of(BOOTED);

    assertThat(clock.follow(SECOND, BOOTED + WallClock.STEP_NANOS - 1)).isFalse();
    assertThat(clock.follow(SECOND, BOOTED - WallClock.STEP_NANOS)).isTrue();
  }

  @Test
  void offsets_areThoseOfTheProcessBefore_whenTheClockWasSetBetweenTheTwo() {
    WallClock before = WallClock.of(BOOTED);
    before.follow(10 * SECOND, LONG_AGO);

    WallClock clock = WallClock.after(before.settings(), 20 * SECOND, BOOTED);

    assertThat(clock.offsetAt(9 * SECOND)).isEqualTo(BOOTED);
    assertThat(clock.offsetAt(19 * SECOND)).isEqualTo(LONG_AGO);
    assertThat(clock.offsetAt(20 * SECOND)).isEqualTo(BOOTED);
    assertThat(clock.steadyNanos(0)).isEqualTo(BOOTED);
    assertThat(clock.shiftAt(19 * SECOND)).isEqualTo(LONG_AGO - BOOTED);
  }

  @Test
  void offset_staysThatOfTheProcessBefore_whenItDiffersByTheJitterOfALook() {
    WallClock clock = WallClock.after(WallClock.of(BOOTED).settings(), SECOND, BOOTED + 700);

    assertThat(clock.settings()).containsExactly(new WallClock.Setting(0, BOOTED));
  }

  @Test
  void settings_areBounded_whenTheClockIsSetAgainAndAgain() {
    WallClock clock = WallClock.of(BOOTED);
    for (int i = 1; i <= 100; i++) {
      clock.follow(i * SECOND, BOOTED + i * SECOND);
    }

    assertThat(clock.settings()).hasSize(WallClock.MAX_SETTINGS);
    assertThat(clock.offsetAt(0)).isEqualTo(BOOTED + 93 * SECOND);
    assertThat(clock.offsetAt(200 * SECOND)).isEqualTo(BOOTED + 100 * SECOND);
    assertThat(List.copyOf(clock.settings()).getFirst().fromBootNanos()).isEqualTo(93 * SECOND);
  }
}

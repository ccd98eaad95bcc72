package org.kmodwatch.agent.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class HostClocksTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long HOUR = 3600 * SECOND;

  private final HostClocks clocks = new HostClocks();

  @Test
  void oneHost_isTheClock_alsoIfItIsSetBack() {
    assertThat(clocks.advance("a", 100)).isEqualTo(100);
    assertThat(clocks.advance("a", 250)).isEqualTo(250);
    assertThat(clocks.advance("a", 50)).isEqualTo(50);
  }

  @Test
  void hostsWhoseClocksAreRight_haveTheLatestTime() {
    clocks.advance("a", HOUR);
    assertThat(clocks.advance("b", HOUR + 2 * SECOND)).isEqualTo(HOUR + 2 * SECOND);
    assertThat(clocks.advance("a", HOUR + SECOND)).isEqualTo(HOUR + 2 * SECOND);
    assertThat(clocks.advance("a", HOUR + 3 * SECOND)).isEqualTo(HOUR + 3 * SECOND);
  }

  @Test
  void hostWhoseClockIsWrong_movesTheTimeByWhatPassesOnIt() {
    clocks.advance("a", HOUR);
    assertThat(clocks.advance("ahead", 5 * HOUR)).isEqualTo(HOUR);
    assertThat(clocks.advance("ahead", 5 * HOUR + 7 * SECOND)).isEqualTo(HOUR + 7 * SECOND);
    assertThat(clocks.advance("behind", SECOND)).isEqualTo(HOUR + 7 * SECOND);
    assertThat(clocks.advance("behind", 3 * SECOND)).isEqualTo(HOUR + 9 * SECOND);
    assertThat(clocks.advance("a", HOUR + 4 * SECOND)).isEqualTo(HOUR + 9 * SECOND);
  }

  /** Covers recordings that follow each other: time that passes on any host counts. */
  @Test
  void hostThatFellBehind_countsAgain_fromThereOn() {
    clocks.advance("a", HOUR);
    clocks.advance("b", HOUR + SECOND);
    assertThat(clocks.advance("b", 2 * HOUR)).isEqualTo(2 * HOUR);
    assertThat(clocks.advance("a", HOUR + 600 * SECOND)).isEqualTo(2 * HOUR);
    assertThat(clocks.advance("a", HOUR + 630 * SECOND)).isEqualTo(2 * HOUR + 30 * SECOND);
  }

  /** Covers events of a container in a separate UTS namespace, whose host is unknown. */
  @Test
  void eventsThatDoNotSayTheirHost_moveTheTimeOfOneHostAlone() {
    assertThat(clocks.advance(null, 100)).isEqualTo(100);
    clocks.advance("a", HOUR);
    assertThat(clocks.advance(null, HOUR + SECOND)).isEqualTo(HOUR + SECOND);
    clocks.advance("ahead", 5 * HOUR);
    assertThat(clocks.advance(null, 5 * HOUR + 2 * SECOND)).isEqualTo(HOUR + SECOND);
  }

  @Test
  void moreHostsThanAreKept_doNotMoveTheTimeBack() {
    long latest = clocks.advance("a", HOUR);
    for (int i = 0; i < 3000; i++) {
      long now = clocks.advance("host-" + i, HOUR + i % 7 * SECOND);
      assertThat(now).isGreaterThanOrEqualTo(latest);
      latest = now;
    }
    assertThat(latest).isEqualTo(HOUR + 6 * SECOND);
  }
}

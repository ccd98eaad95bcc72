package org.kmodwatch.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class OldAgeTest {

  private static final Duration YEAR = Duration.ofDays(365);
  private static final Instant START = Instant.parse("2026-11-25T06:00:00Z");

  private Instant now = START;
  private long nowNanos = Long.MAX_VALUE - 5;
  private final OldAge age = new OldAge(YEAR, () -> now, () -> nowNanos);

  @Test
  void old_isWhatTheClockSays_whileNobodySetsIt() {
    assertThat(age.before()).contains(START.minus(YEAR));
    pass(Duration.ofDays(3));
    assertThat(age.before()).contains(now.minus(YEAR));
  }

  @Test
  void nothing_isOld_forADayAfterTheClockWasSetForward() {
    assertThat(age.before()).isPresent();
    now = now.plus(YEAR.multipliedBy(10));
    assertThat(age.before()).isEmpty();
    pass(Duration.ofHours(23));
    assertThat(age.before()).isEmpty();
    pass(Duration.ofHours(1));
    assertThat(age.before()).contains(now.minus(YEAR));
  }

  @Test
  void clockThatIsSetBack_isBelieved() {
    assertThat(age.before()).isPresent();
    now = now.minus(YEAR);
    assertThat(age.before()).contains(now.minus(YEAR));
  }

  @Test
  void nothing_isOld_forADay_whenTheNewestRecordIsFromLongBefore() {
    age.newest(START.minus(OldAge.DOUBT).minusSeconds(1));
    assertThat(age.before()).isEmpty();
    pass(OldAge.DOUBT);
    assertThat(age.before()).isPresent();
  }

  @Test
  void old_isWhatTheClockSays_whenTheNewestRecordIsOfYesterday() {
    age.newest(START.minus(Duration.ofHours(20)));
    assertThat(age.isNew()).isFalse();
    assertThat(age.before()).isPresent();
  }

  private void pass(Duration time) {
    now = now.plus(time);
    nowNanos += time.toNanos();
  }
}

package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HousekeepingTest {

  private long nowNanos = Long.MAX_VALUE - 5;
  private int collections;
  private final Housekeeping housekeeping = new Housekeeping(() -> collections++, () -> nowNanos);

  @Test
  void tick_collectsNothing_whereNothingHappens() {
    housekeeping.tick();

    assertThat(collections).isZero();
  }

  @Test
  void tick_collectsOnceAnInterval_whileThingsHappen() {
    for (int i = 0; i < 3; i++) {
      housekeeping.event();
      housekeeping.tick();
    }
    assertThat(collections).isOne();

    pass(Housekeeping.INTERVAL);
    assertThat(collections).isEqualTo(2);

    pass(Housekeeping.INTERVAL);
    assertThat(collections).isEqualTo(2);
  }

  private void pass(Duration time) {
    nowNanos += time.toNanos();
    housekeeping.tick();
  }
}

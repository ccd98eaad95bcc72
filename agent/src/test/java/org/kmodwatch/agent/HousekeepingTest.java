package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class HousekeepingTest {

  private static final Instant NOW = Instant.parse("2026-11-25T06:00:00Z");

  private int collections;
  private final Housekeeping housekeeping = new Housekeeping(() -> collections++);

  @Test
  void tick_collectsNothing_whereNothingHappens() {
    housekeeping.tick(NOW);

    assertThat(collections).isZero();
  }

  @Test
  void tick_collectsOnceAnInterval_whileThingsHappen() {
    for (int i = 0; i < 3; i++) {
      housekeeping.event();
      housekeeping.tick(NOW);
    }
    assertThat(collections).isOne();

    housekeeping.tick(NOW.plus(Housekeeping.INTERVAL));
    assertThat(collections).isEqualTo(2);

    housekeeping.tick(NOW.plus(Housekeeping.INTERVAL.multipliedBy(2)));
    assertThat(collections).isEqualTo(2);
  }
}

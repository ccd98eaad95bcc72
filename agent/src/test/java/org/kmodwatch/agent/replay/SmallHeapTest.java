package org.kmodwatch.agent.replay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SmallHeapTest {

  private static final long MIB = 1 << 20;

  private long size = 40 * MIB;
  private long live = 20 * MIB;
  private int collections;
  private final SmallHeap heap =
      new SmallHeap(
          () -> size,
          () -> {
            collections++;
            size = live;
          });

  @Test
  void check_collectsEachTimeTheHeapHasGrown() {
    heap.check();
    assertThat(collections).isZero();

    assertCollectsEachTimeItHasGrownTo(47 * MIB);
  }

  @Test
  void check_keepsAHeapSmall_thatIsAlmostOfOrdinarySize() {
    live = 45 * MIB;
    assertCollectsEachTimeItHasGrownTo(48 * MIB);
  }

  private void assertCollectsEachTimeItHasGrownTo(long grown) {
    for (int i = 1; i <= 3; i++) {
      size = grown;
      heap.check();
      assertThat(collections).isEqualTo(i);
    }
  }

  @Test
  void check_leavesAHeapAloneThatIsInUse() {
    live = 100 * MIB;
    size = 101 * MIB;
    heap.check();
    assertThat(collections).isOne();

    size = 133 * MIB;
    heap.check();
    assertThat(collections).isOne();

    size = 134 * MIB;
    live = 20 * MIB;
    heap.check();
    assertThat(collections).isEqualTo(2);

    size = 47 * MIB;
    heap.check();
    assertThat(collections).isEqualTo(3);
  }
}

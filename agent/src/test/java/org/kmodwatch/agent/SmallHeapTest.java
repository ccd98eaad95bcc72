package org.kmodwatch.agent;

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

    for (int i = 1; i <= 3; i++) {
      size = 47 * MIB;
      heap.check();
      assertThat(collections).isEqualTo(i);
    }
  }

  @Test
  void check_keepsAHeapSmall_thatIsAlmostOfOrdinarySize() {
    live = 45 * MIB;
    for (int i = 1; i <= 3; i++) {
      size = 48 * MIB;
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

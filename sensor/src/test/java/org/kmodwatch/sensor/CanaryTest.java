package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.CanaryCall;
import org.kmodwatch.sensor.Canary.Way;

class CanaryTest {

  private static final Set<Way> ALL = EnumSet.allOf(Way.class);
  private static final long SECOND = 1_000_000_000L;

  private final List<Integer> calls = new ArrayList<>();
  private long callNanos;
  private long returnedNanos;
  private final Canary canary =
      new Canary(
          flags -> {
            calls.add(flags);
            returnedNanos += callNanos;
            return -22;
          },
          () -> returnedNanos,
          () -> new Random(20261124));

  @Test
  void call_isMadeAtOnceAndThenAtIntervals_withFlagsThatNobodyKnows() {
    canary.tick(0, 0, ALL);
    hear(ALL);
    canary.tick(Canary.INTERVAL_NANOS - 1, Canary.INTERVAL_NANOS - 1, ALL);
    assertThat(calls).hasSize(1);
    canary.tick(Canary.INTERVAL_NANOS, Canary.INTERVAL_NANOS, ALL);

    assertThat(calls).hasSize(2).doesNotHaveDuplicates();
    assertThat(calls).allSatisfy(flags -> assertThat(flags & 1 << 30).isNotZero());
    assertThat(canary.faults()).isEmpty();
  }

  @Test
  void hooksAreBlind_whenItComesByNoWay_andItIsTriedEachSecondUntilItComes() {
    canary.tick(0, 0, ALL);
    canary.tick(SECOND - 1, SECOND - 1, ALL);
    assertThat(canary.faults()).isEmpty();
    canary.tick(SECOND, SECOND, ALL);
    assertThat(canary.faults()).extracting(SensorFault::part).containsExactly("calls");
    assertThat(calls).hasSize(2);
    hear(ALL);

    assertThat(canary.faults()).isEmpty();
  }

  @Test
  void oneWayIsBlind_whenItComesByTheOthers() {
    canary.tick(0, 0, ALL);
    hear(EnumSet.of(Way.ATTEMPTS, Way.IMAGES));
    canary.tick(SECOND, SECOND, ALL);

    assertThat(canary.faults()).extracting(SensorFault::part).containsExactly("lane loads");
  }

  @Test
  void callThatTookLong_isNoFault_whenAllWasReadThatCameBeforeIt() {
    callNanos = 5 * SECOND;
    canary.tick(0, 0, ALL);
    canary.tick(6 * SECOND, 5 * SECOND, ALL);
    assertThat(canary.faults()).isEmpty();

    canary.tick(7 * SECOND, 6 * SECOND, ALL);

    assertThat(canary.faults()).extracting(SensorFault::part).containsExactly("calls");
  }

  @Test
  void callThatHasNotCome_isNoFault_behindABacklog() {
    canary.tick(0, 0, ALL);
    canary.tick(20 * SECOND, SECOND - 1, ALL);

    assertThat(canary.faults()).isEmpty();
    assertThat(calls).hasSize(1);
  }

  @Test
  void callThatHasNotCome_isNoFault_howeverLongTheBacklogIsReadBeforeIt() {
    canary.tick(0, 0, ALL);
    for (int i = 1; i < 900; i++) {
      canary.tick(i * SECOND, i, ALL);
    }

    assertThat(canary.faults()).isEmpty();
    assertThat(calls).hasSize(1);
  }

  @Test
  void callThatHasNotCome_isAFault_whenNothingIsReadForAMinute() {
    canary.tick(0, 0, ALL);
    canary.tick(60 * SECOND, 0, ALL);

    assertThat(canary.faults()).extracting(SensorFault::part).containsExactly("calls");
  }

  @Test
  void anothersCall_isNotTakenForIt() {
    canary.tick(0, 0, ALL);
    for (Way way : ALL) {
      canary.heard(way, calls.getFirst() ^ 1);
    }
    canary.tick(SECOND, SECOND, ALL);

    assertThat(canary.faults()).extracting(SensorFault::part).containsExactly("calls");
  }

  @Test
  void wayThatIsNotThere_isNotAwaited() {
    Set<Way> ways = EnumSet.of(Way.ATTEMPTS, Way.LOADS);
    canary.tick(0, 0, ways);
    hear(ways);
    canary.tick(SECOND, SECOND, ways);

    assertThat(canary.faults()).isEmpty();
  }

  @Test
  void anyAgentsCanary_isKnown_andNoOtherCall() {
    canary.tick(0, 0, ALL);

    assertThat(CanaryCall.isOne(-1, calls.getFirst())).isTrue();
    assertThat(CanaryCall.isOne(3, calls.getFirst())).isFalse();
    assertThat(CanaryCall.isOne(-1, 7)).isFalse();
  }

  @Test
  void noCall_isMade_whereThereIsNoWay() {
    canary.tick(0, 0, EnumSet.noneOf(Way.class));
    canary.tick(SECOND, SECOND, EnumSet.noneOf(Way.class));

    assertThat(calls).isEmpty();
    assertThat(canary.faults()).isEmpty();
  }

  private void hear(Set<Way> ways) {
    ways.forEach(way -> canary.heard(way, calls.getLast()));
  }
}

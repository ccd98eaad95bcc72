package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kmodwatch.sensor.kernel.MemoryRing;

final class LaneReaderTest {

  private final MemoryRing attempts = new MemoryRing(1 << 20);
  private final MemoryRing loads = new MemoryRing(1 << 20);
  private final LaneReader reader = new LaneReader(attempts.ring(), loads.ring());
  private final List<Long> times = new ArrayList<>();
  private long nanos;

  @Test
  void records_areHandedOverByTime_acrossPasses() {
    for (int i = 0; i < 20; i++) {
      (i % 3 == 0 ? loads : attempts).write(record(i));
    }

    for (int pass = 0; pass < 10; pass++) {
      assertThat(read(2 * RecordLayout.DATA)).isEqualTo(LaneReader.Progress.MORE);
    }
    assertThat(read(Long.MAX_VALUE)).isEqualTo(LaneReader.Progress.ROUND);
    assertThat(times).hasSize(20).isSorted();
  }

  @Test
  void pass_isOver_whenItsTimeIs() {
    for (int i = 0; i < 20; i++) {
      attempts.write(record(i));
    }
    var pass = new Pass(() -> nanos++, 5, Long.MAX_VALUE);

    assertThat(reader.read(pass, (lane, record) -> times.add(time(record))))
        .isEqualTo(LaneReader.Progress.MORE);
    assertThat(times).hasSize(5);
  }

  @Test
  void round_isOver_whenAllIsReadThatWasThereAsItBegan_whateverCameSince() {
    attempts.write(record(1));
    attempts.write(record(2));
    assertThat(read(1)).isEqualTo(LaneReader.Progress.MORE);
    assertThat(reader.isBetweenRounds()).isFalse();
    attempts.write(record(3));

    assertThat(read(Long.MAX_VALUE)).isEqualTo(LaneReader.Progress.ROUND);

    assertThat(times).containsExactly(1L, 2L);
    assertThat(reader.isBetweenRounds()).isTrue();
    assertThat(reader.lastTimeNanos()).isEqualTo(2);
  }

  @Test
  void readAll_handsOverWhatCameSinceTheRoundBegan() {
    attempts.write(record(1));
    attempts.write(record(2));
    assertThat(read(1)).isEqualTo(LaneReader.Progress.MORE);
    loads.write(record(3));
    attempts.write(record(4));

    assertThat(readAll(Long.MAX_VALUE)).isTrue();

    assertThat(times).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void readAll_isFalse_whenThePassIsOverBefore() {
    attempts.write(record(1));
    attempts.write(record(2));

    assertThat(readAll(1)).isFalse();
    assertThat(times).containsExactly(1L);
    assertThat(readAll(Long.MAX_VALUE)).isTrue();
  }

  @Test
  void nothingOfARingThatWasWrittenOver_isHandedOver() {
    for (int i = 0; i < 2000; i++) {
      loads.write(record(i));
    }
    attempts.write(record(5000));
    loads.ring().check(0);

    read(Long.MAX_VALUE);

    assertThat(times).containsExactly(5000L);
  }

  private LaneReader.Progress read(long bytes) {
    return reader.read(new Pass(() -> 0, 1, bytes), (lane, record) -> times.add(time(record)));
  }

  private boolean readAll(long bytes) {
    return reader.readAll(
        new Pass(() -> 0, 1, bytes), () -> {}, (lane, record) -> times.add(time(record)));
  }

  private static byte[] record(long time) {
    return ByteBuffer.allocate(RecordLayout.DATA)
        .order(ByteOrder.nativeOrder())
        .putLong(RecordLayout.TIME_NANOS, time)
        .array();
  }

  private static long time(ByteBuffer record) {
    return record.getLong(RecordLayout.TIME_NANOS);
  }
}

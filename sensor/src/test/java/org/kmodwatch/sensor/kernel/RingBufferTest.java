package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RingBufferTest {

  private static final int SIZE = 64 << 10;

  private final MemoryRing memory = new MemoryRing(SIZE);
  private final RingBuffer ring = memory.ring();

  @Test
  void records_areHandedOverInOrder_overTheEndOfTheRing() {
    for (int i = 0; i < 3 * SIZE / 1000; i++) {
      memory.write("%0992d".formatted(i));

      assertThat(read()).containsExactly("%0992d".formatted(i));
      ring.check(0);
    }
    assertThat(ring.takeMisfit()).isEmpty();
  }

  @Test
  void readingGoesOnAtTheProducer_whenTheKernelWroteOverWhatWasNotRead() {
    for (int i = 0; i < 70; i++) {
      memory.write("%0992d".formatted(i));
    }

    ring.check(0);

    assertThat(ring.takeMisfit()).contains("the kernel wrote over what was not read: bytes=70000");
    assertThat(memory.consumer()).isEqualTo(memory.producer());
    assertThat(read()).isEmpty();
    memory.write("after");
    assertThat(read()).containsExactly("after");
  }

  @Test
  void consumersPosition_isPutBack_andNothingIsPassedBy_whenSomebodyMovedIt() {
    memory.write("before");
    memory.moveConsumer(memory.producer());

    ring.check(0);

    assertThat(ring.takeMisfit())
        .contains("somebody moved the consumer's position: position=16 expected=0");
    assertThat(memory.consumer()).isZero();
    assertThat(read()).containsExactly("before");
  }

  @Test
  void consumersPosition_isPutBack_whenSomebodyMovedItPastTheProducers() {
    memory.moveConsumer(1L << 20);

    ring.check(0);

    assertThat(memory.consumer()).isZero();
    memory.write("after");
    assertThat(read()).containsExactly("after");
  }

  @Test
  void recordThatIsBeingRead_isNotIntact_whenTheKernelWritesOverIt() {
    memory.write("torn");
    ByteBuffer shown = ring.peek(ring.end());
    assertThat(shown).isNotNull();
    assertThat(ring.isIntact()).isTrue();
    for (int i = 0; i < 66; i++) {
      memory.write("%0992d".formatted(i));
    }

    assertThat(ring.isIntact()).isFalse();

    ring.release();
    assertThat(read()).isEmpty();
    assertThat(ring.takeMisfit())
        .contains("the kernel wrote over what was being read: bytes=66016");
  }

  @Test
  void readingGoesOnAtTheProducer_whenALengthCannotBe() {
    memory.writeWithLength(1 << 20, "out of the middle of a record");
    memory.write("behind it");

    assertThat(read()).isEmpty();

    assertThat(ring.takeMisfit())
        .contains("a header gives a length that cannot be: length=1048576: bytes=64");
    memory.write("after");
    assertThat(read()).containsExactly("after");
  }

  @Test
  void busyRecord_isWaitedFor_butNotForEver() {
    memory.writeBusy("never finished");
    memory.write("behind it");
    ring.check(0);
    ring.check(RingBuffer.BUSY_LIMIT_NANOS - 1);

    assertThat(read()).isEmpty();
    assertThat(ring.takeMisfit()).isEmpty();

    ring.check(RingBuffer.BUSY_LIMIT_NANOS);

    assertThat(ring.takeMisfit()).contains("a record was never finished: bytes=24");
    memory.write("after");
    assertThat(read()).containsExactly("behind it", "after");
  }

  @Test
  void whatWasReadAndKept_isNoMisfit() {
    ring.keepUntilCommitted();
    memory.write("one");
    memory.write("two");

    assertThat(read()).containsExactly("one", "two");
    ring.check(0);
    assertThat(ring.takeMisfit()).isEmpty();
    assertThat(memory.consumer()).isZero();
    ring.commit();
    ring.check(0);
    assertThat(ring.takeMisfit()).isEmpty();
    assertThat(memory.consumer()).isEqualTo(memory.producer());
  }

  @Test
  void reading_goesOnWhereAnotherProcessStopped_whenSomebodyMovedTheReaderOn() {
    memory.write("read");
    memory.write("passed over");
    memory.moveConsumer(memory.producer());
    RingBuffer next = memory.another();

    assertThat(next.resumeAt(16)).isEqualTo(24);

    assertThat(memory.consumer()).isEqualTo(16);
    next.check(0);
    assertThat(next.takeMisfit()).isEmpty();
    assertThat(read(next)).containsExactly("passed over");
    assertThat(memory.consumer()).isEqualTo(memory.producer());
  }

  @Test
  void reading_goesOnWhereTheRingSays_whenWhatWasPassedOverWasWrittenOver() {
    for (int i = 0; i < 70; i++) {
      memory.write("%0992d".formatted(i));
    }
    memory.moveConsumer(69_000);
    RingBuffer next = memory.another();

    assertThat(next.resumeAt(0)).isEqualTo(69_000);

    assertThat(memory.consumer()).isEqualTo(69_000);
    next.check(0);
    assertThat(next.takeMisfit()).isEmpty();
    assertThat(read(next)).containsExactly("%0992d".formatted(69));
  }

  @Test
  void reading_goesOnWhereAnotherProcessStopped_whenItGaveNothingBack() {
    memory.write("told");
    memory.write("not told");
    RingBuffer next = memory.another();

    assertThat(next.resumeAt(16)).isZero();

    next.check(0);
    assertThat(next.takeMisfit()).isEmpty();
    assertThat(read(next)).containsExactly("not told");
  }

  @ParameterizedTest
  @ValueSource(longs = {-16, 12, 1L << 40})
  void reading_goesOnWhereTheRingSays_whenNoRecordCanBeginWhereAnotherProcessStopped(long kept) {
    memory.write("one");
    RingBuffer next = memory.another();

    assertThat(next.resumeAt(kept)).isZero();

    assertThat(read(next)).containsExactly("one");
  }

  @Test
  void readingGoesOnAtTheProducer_whenNoRecordBeginsAtThePosition() {
    memory.write("behind it");
    memory.moveConsumer(4);
    RingBuffer next = memory.another();

    next.check(0);

    assertThat(next.takeMisfit())
        .contains("no record begins at the position to read from: bytes=20");
    memory.write("after");
    assertThat(read(next)).containsExactly("after");
  }

  @Test
  void reading_endsAfterTheBytesThatItWasGiven() {
    for (int i = 0; i < 10; i++) {
      memory.write("%0992d".formatted(i));
    }

    assertThat(ring.read(2500, record -> {})).isEqualTo(3);
    assertThat(read()).hasSize(7);
  }

  private List<String> read() {
    return read(ring);
  }

  private static List<String> read(RingBuffer ring) {
    var records = new ArrayList<String>();
    ring.read(record -> records.add(StandardCharsets.US_ASCII.decode(record).toString()));
    return records;
  }
}

package org.kmodwatch.agent.output;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OutputQueueTest {

  private static final Duration TEN_SECONDS = Duration.ofSeconds(10);
  private static final Instant NOW = Instant.parse("2026-11-24T10:00:00Z");

  private final List<String> notes = new CopyOnWriteArrayList<>();
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final OutputQueue queue =
      new OutputQueue(
          "standard output",
          new OutputQueue.Settings(nanos::get, () -> NOW, Duration.ofMillis(20), 1000),
          notes::add);

  /** Writes at most so many bytes at a time, and none without a permit. */
  private static final class Slow implements Destination {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final Semaphore permits = new Semaphore(0);
    private final Semaphore asked = new Semaphore(0);
    private volatile String failure = "";
    private volatile int most = Integer.MAX_VALUE;

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      asked.release();
      permits.acquireUninterruptibly();
      int count = Math.min(most, bytes.remaining());
      for (int i = 0; i < count; i++) {
        written.write(bytes.get());
      }
      if (failure.equals("gone")) {
        throw new ReaderGoneException("standard output", new IOException("Broken pipe"));
      }
      if (!failure.isEmpty()) {
        throw new IOException(failure);
      }
    }

    String text() {
      return written.toString(UTF_8);
    }
  }

  private final Slow slow = new Slow();
  private final OutputStream in = queue.to(slow);

  private void give(String text) {
    try {
      in.write(text.getBytes(UTF_8));
    } catch (IOException e) {
      throw new AssertionError("never fails", e);
    }
  }

  @Test
  void lines_areWrittenInOrder_andCounted() {
    slow.permits.release(100);
    give("a\n");
    give("b\nc\n");
    assertThat(queue.drain()).isTrue();
    assertThat(slow.text()).isEqualTo("a\nb\nc\n");
    assertThat(queue.account())
        .isEqualTo(new OutputAccount("standard output", 3, 3, Map.of(), 0, null));
    assertThat(queue.awaitWritten(Duration.ZERO)).isTrue();
  }

  @Test
  void outputThatNobodyReads_holdsUpNobody_andStallsAfterAWhile() {
    give("a\n");
    slow.asked.acquireUninterruptibly();
    give("b\n");
    assertThat(queue.awaitWritten(Duration.ZERO)).isFalse();
    assertThat(queue.stall(TEN_SECONDS)).isEmpty();

    nanos.addAndGet(TEN_SECONDS.toNanos());
    assertThat(queue.awaitWritten(Duration.ofMinutes(1))).as("does not wait").isFalse();
    assertThat(queue.stall(TEN_SECONDS))
        .contains(new Stall("standard output", NOW, 2, "nobody reads it"));

    slow.permits.release(100);
    await().until(() -> queue.stall(TEN_SECONDS).isEmpty());
    assertThat(queue.drain()).isTrue();
    assertThat(slow.text()).isEqualTo("a\nb\n");
  }

  @Test
  void outputThatIsSlow_isNoStall_andIsNotWaitedFor() {
    slow.most = 1;
    give("abc\n");
    for (int i = 0; i < 3; i++) {
      slow.asked.acquireUninterruptibly();
      nanos.addAndGet(TEN_SECONDS.toNanos() - 1);
      slow.permits.release();
    }
    slow.asked.acquireUninterruptibly();
    assertThat(queue.stall(TEN_SECONDS)).isEmpty();
    assertThat(queue.awaitWritten(Duration.ofMillis(10))).as("in vain").isFalse();
    assertThat(queue.awaitWritten(Duration.ofMinutes(1))).as("does not wait again").isFalse();
    slow.permits.release(100);
    nanos.addAndGet(OutputQueue.UNTIL_NEXT_WAIT.toNanos());
    await().until(() -> queue.awaitWritten(Duration.ofMillis(10)));
  }

  @Test
  void whatFindsNoRoom_isCounted_andSaidOnce() {
    String line = "x".repeat(99) + "\n";
    for (int i = 0; i < 20; i++) {
      give(line);
    }
    assertThat(queue.account().lost()).containsExactly(Map.entry(OutputLoss.QUEUE_FULL, 10L));
    assertThat(queue.account().pending()).isEqualTo(10);
    slow.permits.release(100);
    assertThat(queue.drain()).isTrue();
    assertThat(slow.text().lines()).hasSize(10);
    assertThat(notes)
        .containsExactly(
            "standard output: takes nothing, or too slowly: lines are dropped and counted from now"
                + " on",
            "standard output: keeps up again; dropped so far: 10");
  }

  @Test
  void eachWrite_isWholeLines_howeverLong() {
    var queueOfLong =
        new OutputQueue(
            "record",
            new OutputQueue.Settings(nanos::get, () -> NOW, Duration.ofMillis(20), 1 << 20),
            notes::add);
    var writes = new CopyOnWriteArrayList<String>();
    OutputStream lines =
        queueOfLong.to(
            bytes -> {
              writes.add(UTF_8.decode(bytes).toString());
            });
    String text = ("x".repeat(5000) + "\n").repeat(3) + "y".repeat(30_000) + "\nz\n";
    try {
      lines.write(text.getBytes(UTF_8));
    } catch (IOException e) {
      throw new AssertionError("never fails", e);
    }
    assertThat(queueOfLong.drain()).isTrue();
    assertThat(String.join("", writes)).isEqualTo(text);
    assertThat(writes).hasSize(5).allMatch(write -> write.endsWith("\n"));
  }

  @Test
  void fullDisk_isSaidOnce_andNoLineIsTornOrComesTwice() {
    slow.failure = "No space left on device";
    slow.most = 3;
    slow.permits.release(2);
    give("abcdefgh\n");
    await().until(() -> slow.text().equals("abcdef"));
    slow.asked.acquireUninterruptibly(3);
    assertThat(queue.awaitWritten(Duration.ofMinutes(1))).as("does not wait").isFalse();
    assertThat(queue.account().failingSince()).isEqualTo(NOW);
    nanos.addAndGet(TEN_SECONDS.toNanos());
    assertThat(queue.stall(TEN_SECONDS))
        .contains(new Stall("standard output", NOW, 1, "No space left on device"));

    slow.failure = "";
    slow.permits.release(100);
    assertThat(queue.drain()).isTrue();
    assertThat(slow.text()).isEqualTo("abcdefgh\n");
    assertThat(notes)
        .containsExactly(
            "standard output: cannot write, trying again every second: No space left on device",
            "standard output: writes again");
  }

  @Test
  void fullDisk_isSaidOnce_whenItTakesAPieceNowAndThen() {
    var tries = new AtomicLong();
    var hasRoom = new AtomicBoolean();
    queue.after(
        () -> {
          tries.incrementAndGet();
          if (!hasRoom.get()) {
            throw new IOException("No space left on device");
          }
        });
    await().until(() -> tries.get() > 0);
    slow.permits.release(100);
    give("a\n");
    await().until(() -> slow.text().equals("a\n"));
    long before = tries.get();
    await().until(() -> tries.get() > before + 1);
    hasRoom.set(true);

    assertThat(queue.drain()).isTrue();
    assertThat(notes)
        .containsExactly(
            "standard output: cannot write, trying again every second: No space left on device",
            "standard output: writes again");
  }

  @Test
  void faultInAWrite_isAFailureAsAnyOther() {
    var left = new AtomicLong(2);
    OutputStream lines =
        queue.to(
            bytes -> {
              if (left.getAndDecrement() > 0) {
                throw new OutOfMemoryError("Java heap space");
              }
              slow.write(bytes);
            });
    slow.permits.release(100);
    try {
      lines.write("a\n".getBytes(UTF_8));
    } catch (IOException e) {
      throw new AssertionError("never fails", e);
    }
    assertThat(queue.drain()).isTrue();
    assertThat(slow.text()).isEqualTo("a\n");
    assertThat(notes)
        .containsExactly(
            "standard output: cannot write, trying again every second:"
                + " java.lang.OutOfMemoryError: Java heap space (a fault of kmodwatch)",
            "standard output: writes again");
  }

  @Test
  void readerThatHasGone_takesNothingMore_andHoldsUpNothing() {
    slow.failure = "gone";
    slow.permits.release(100);
    give("a\n");
    await().until(() -> queue.readerGone().isPresent());
    give("b\n");
    assertThat(queue.account().lost()).containsExactly(Map.entry(OutputLoss.READER_GONE, 2L));
    assertThat(queue.awaitWritten(Duration.ZERO)).isTrue();
    assertThat(queue.stall(TEN_SECONDS).map(Stall::why))
        .contains("its reader has gone; remedy: a restart");
  }

  @Test
  void task_runsAfterTheLinesBeforeIt_theLastAlone_andAgainIfItFails() {
    var ran = new CopyOnWriteArrayList<String>();
    give("a\n");
    slow.asked.acquireUninterruptibly();
    queue.after(() -> ran.add("first"));
    queue.after(
        () -> {
          ran.add("second after " + slow.text().strip());
          if (ran.size() == 1) {
            throw new IOException("No space left on device");
          }
        });
    slow.permits.release();
    assertThat(queue.drain()).isTrue();
    assertThat(ran).containsExactly("second after a", "second after a");
  }

  @Test
  void close_countsWhatIsLeft_afterAWhileWithoutProgress() {
    give("a\n");
    give("b\n");
    queue.close();
    assertThat(queue.account().lost()).containsExactly(Map.entry(OutputLoss.ENDED, 2L));
    assertThat(notes)
        .containsExactly("standard output: ended: 2 that it has not accepted are lost");
    assertThat(queue.awaitWritten(Duration.ZERO)).isFalse();
    slow.permits.release(100);
  }

  @Test
  void account_addsUp_atAnyTime() {
    slow.permits.release(50);
    for (int i = 0; i < 300; i++) {
      give("line " + i + "\n");
      OutputAccount account = queue.account();
      assertThat(account.taken())
          .isEqualTo(account.written() + account.lostInAll() + account.pending());
    }
    slow.permits.release(1000);
  }
}

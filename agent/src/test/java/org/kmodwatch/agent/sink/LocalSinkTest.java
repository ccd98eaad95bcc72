package org.kmodwatch.agent.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.builtin.KernelModuleLoading;

@Timeout(60)
class LocalSinkTest {

  private static final Catalogue CATALOGUE = Catalogue.of(List.of(new KernelModuleLoading()));
  private static final Duration WRITE_AT_END = Duration.ofSeconds(1);

  @TempDir Path folder;
  private final List<String> notes = new CopyOnWriteArrayList<>();
  private final List<String> refusals = new CopyOnWriteArrayList<>();
  private final FakeOutput output = new FakeOutput();
  private @Nullable LocalSink opened;
  private int made;

  /** An output that answers as a test wants, and keeps the lines that it accepted. */
  private static final class FakeOutput implements Transport {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private volatile Reaction reaction = batch -> new Answer.Taken();

    interface Reaction {
      Answer to(List<Item> batch);
    }

    void react(Reaction next) {
      reaction = next;
    }

    void fail() {
      react(batch -> new Answer.Later("no room", null));
    }

    void work() {
      react(batch -> new Answer.Taken());
    }

    /** Blocks as a pipe without a reader does: nothing interrupts the write. */
    void blockUntil(CountDownLatch free) {
      react(
          batch -> {
            while (free.getCount() > 0) {
              try {
                free.await();
              } catch (InterruptedException e) {
                // Nothing ends the write.
              }
            }
            return new Answer.Taken();
          });
    }

    @Override
    public Answer send(List<Item> batch) {
      Answer answer = reaction.to(batch);
      if (answer instanceof Answer.Taken) {
        batch.forEach(item -> lines.add(new String(item.body(), UTF_8)));
      }
      return answer;
    }

    @Override
    public void close() {}
  }

  @AfterEach
  void close() {
    output.work();
    if (opened != null) {
      opened.close();
    }
  }

  private LocalSink open(int queued) {
    return open(output, new StdoutTarget(), queued);
  }

  private LocalSink open(Transport transport, Target target, int queued) {
    var sink =
        new LocalSink(
            new SinkSettings("local", target, FormatName.LOADS, SinkFilter.LOADS, null),
            new SinkContext("0", "host1", CATALOGUE, notes::add, refusals::add),
            FormatName.LOADS.open(CATALOGUE, "0", "host1"),
            transport,
            new LocalSink.Settings(
                InstantSource.system(),
                new Random(1018),
                Duration.ofMillis(20),
                Duration.ofMillis(100),
                WRITE_AT_END,
                queued),
            Optional.empty());
    sink.start();
    opened = sink;
    return sink;
  }

  private void take(LocalSink sink, int count) {
    for (int i = 0; i < count; i++) {
      sink.accept(new Notice.OfLoad(load("m" + made++).build()));
    }
  }

  private static List<String> names(List<String> lines) {
    return lines.stream().map(line -> line.replaceFirst(".*\"name\":\"(m\\d+)\".*", "$1")).toList();
  }

  private static List<String> expected(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(n -> "m" + n).toList();
  }

  private static void awaitDelivered(LocalSink sink, long count) {
    await().until(() -> sink.account().delivered() == count);
  }

  @Test
  void items_areWritten_inOrder() {
    LocalSink sink = open(8192);
    take(sink, 500);
    awaitDelivered(sink, 500);

    assertThat(names(output.lines)).isEqualTo(expected(0, 500));
    assertThat(sink.awaitWritten(Duration.ZERO)).isTrue();
    assertThat(sink.account())
        .satisfies(
            account -> {
              assertThat(account.isBalanced()).isTrue();
              assertThat(account.taken()).isEqualTo(500);
              assertThat(account.spooled()).isZero();
              assertThat(account.pending()).isZero();
            });
    assertThat(notes).isEmpty();
  }

  @Test
  void fileThatCannotBeWritten_getsAllInOrder_onceItCan() throws Exception {
    Path file = Files.createDirectory(folder.resolve("loads.ndjson"));
    var target = new FileTarget(file, 0, 0, false);
    LocalSink sink = open(new FileTransport(target), target, 8192);
    take(sink, 30);
    await().until(() -> sink.account().failingSince() != null);
    take(sink, 30);
    assertThat(sink.account().pending()).isEqualTo(60);
    Files.delete(file);
    awaitDelivered(sink, 60);

    assertThat(names(Files.readAllLines(file))).isEqualTo(expected(0, 60));
    assertThat(notes)
        .hasSize(2)
        .startsWith(
            "local: cannot send to %1$s, notices are queued: not a regular file: %1$s"
                .formatted(file))
        .element(1)
        .asString()
        .matches("local: \\S+ accepts notices again after \\d+ s");
    assertThat(sink.account().isBalanced()).isTrue();
    assertThat(sink.account().failingSince()).isNull();
  }

  @Test
  void awaitWritten_isFalse_untilTheOutputAcceptedTheItem() throws Exception {
    LocalSink sink = open(8192);
    var free = new CountDownLatch(1);
    output.blockUntil(free);
    take(sink, 1);
    assertThat(sink.awaitWritten(Duration.ofMillis(50))).isFalse();
    free.countDown();
    awaitDelivered(sink, 1);

    assertThat(sink.awaitWritten(Duration.ZERO)).isTrue();
  }

  @Test
  void awaitWritten_waits_forAnOutputThatWorks() {
    LocalSink sink = open(8192);
    output.react(
        batch -> {
          rest(Duration.ofMillis(200));
          return new Answer.Taken();
        });
    take(sink, 1);

    assertThat(sink.awaitWritten(Duration.ofSeconds(30))).isTrue();
    assertThat(output.lines).hasSize(1);
  }

  /** As a slow disk. */
  private static void rest(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  @Timeout(10)
  void awaitWritten_doesNotWait_forAnOutputThatFails() {
    LocalSink sink = open(8192);
    output.fail();
    take(sink, 1);

    assertThat(sink.awaitWritten(Duration.ofMinutes(5))).isFalse();
  }

  @Test
  @Timeout(10)
  void awaitWritten_doesNotWaitAgain_forAnOutputThatStalls() {
    LocalSink sink = open(8192);
    var free = new CountDownLatch(1);
    output.blockUntil(free);
    take(sink, 1);

    assertThat(sink.awaitWritten(Duration.ofMillis(10))).isFalse();
    assertThat(sink.awaitWritten(Duration.ofMinutes(5))).isFalse();
    free.countDown();
  }

  @Test
  void stall_isReported_whileTheOutputAcceptsNothing() {
    LocalSink sink = open(8192);
    Duration moment = Duration.ofMillis(200);
    assertThat(sink.stall(moment)).isEmpty();
    output.fail();
    take(sink, 3);
    await().until(() -> sink.stall(moment).isPresent());

    assertThat(sink.stall(moment).orElseThrow())
        .satisfies(
            stall -> {
              assertThat(stall.output()).isEqualTo("sink local");
              assertThat(stall.waiting()).isEqualTo(3);
              assertThat(stall.why()).isEqualTo("cannot send to standard output: no room");
            });
    output.work();
    awaitDelivered(sink, 3);
    assertThat(sink.stall(moment)).isEmpty();
  }

  @Test
  void fullQueue_dropsAndCounts_andReportsWhenItHasRoom() {
    LocalSink sink = open(100);
    output.fail();
    take(sink, 250);

    assertThat(sink.account().lost()).containsExactly(Map.entry(LossReason.QUEUE_FULL, 150L));
    assertThat(sink.account().pending()).isEqualTo(100);
    assertThat(sink.account().isBalanced()).isTrue();
    output.work();
    awaitDelivered(sink, 100);
    await().until(() -> notes.stream().anyMatch(note -> note.endsWith("notices dropped: 150")));
    assertThat(names(output.lines)).isEqualTo(expected(0, 100));
    take(sink, 1);
    awaitDelivered(sink, 101);
  }

  @Test
  void itemThatIsTooLarge_isCounted() {
    LocalSink sink = open(8192);
    sink.accept(new Notice.OfLoad(load("large").failed(-22L, "x".repeat(2 << 20)).build()));
    take(sink, 1);
    awaitDelivered(sink, 1);

    assertThat(sink.account().lost()).containsExactly(Map.entry(LossReason.TOO_LARGE, 1L));
    assertThat(sink.account().isBalanced()).isTrue();
  }

  @Test
  void itemThatIsRefused_isDroppedAlone_andCounted() {
    LocalSink sink = open(8192);
    output.react(
        batch ->
            batch.stream().anyMatch(item -> new String(item.body(), UTF_8).contains("\"m17\""))
                ? new Answer.Refused("not a load record")
                : new Answer.Taken());
    take(sink, 40);
    awaitDelivered(sink, 39);

    assertThat(sink.account().refused()).isEqualTo(1);
    var others = new ArrayList<String>(expected(0, 40));
    others.remove("m17");
    assertThat(names(output.lines)).isEqualTo(others);
    assertThat(refusals)
        .singleElement()
        .asString()
        .startsWith(
            "local: standard output refused a notice, which is dropped: not a load record,"
                + " id=load:");
  }

  @Test
  void faultInATransport_isAFailureAsAnyOther() {
    LocalSink sink = open(8192);
    output.react(
        batch -> {
          throw new StackOverflowError();
        });
    take(sink, 1);
    await().until(() -> !notes.isEmpty());
    output.work();
    awaitDelivered(sink, 1);

    assertThat(notes.getFirst())
        .isEqualTo(
            "local: cannot send to standard output, notices are queued:"
                + " java.lang.StackOverflowError (a fault of kmodwatch)");
  }

  @Test
  void close_writesTheRest() {
    LocalSink sink = open(8192);
    take(sink, 3000);
    sink.close();

    assertThat(names(output.lines)).isEqualTo(expected(0, 3000));
    assertThat(sink.awaitWritten(Duration.ZERO)).isTrue();
  }

  @Test
  void close_triesAFailingOutputOnceMore() {
    LocalSink sink = open(8192);
    output.fail();
    take(sink, 5);
    await().until(() -> !notes.isEmpty());
    output.work();
    sink.close();

    assertThat(names(output.lines)).isEqualTo(expected(0, 5));
  }

  @Test
  void close_countsItemsAsLost_thatAFailingOutputDoesNotAccept() {
    LocalSink sink = open(8192);
    output.fail();
    take(sink, 7);
    sink.close();

    assertThat(sink.account().lost()).containsExactly(Map.entry(LossReason.ENDED, 7L));
    assertThat(sink.account().pending()).isZero();
    assertThat(sink.account().isBalanced()).isTrue();
    assertThat(sink.awaitWritten(Duration.ZERO)).isFalse();
    assertThat(notes)
        .endsWith("local: notices lost: 7, since standard output accepted no more before the end");
    take(sink, 1);
    assertThat(sink.account().lost()).containsExactly(Map.entry(LossReason.ENDED, 8L));
  }

  @Test
  void close_endsInTime_thoughNothingEndsTheWrite_andALateAnswerCountsNothing() {
    LocalSink sink = open(8192);
    var free = new CountDownLatch(1);
    output.blockUntil(free);
    take(sink, 7);
    long start = System.nanoTime();
    sink.close();

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isLessThan(WRITE_AT_END.plus(Duration.ofSeconds(3)));
    SinkAccount account = sink.account();
    assertThat(account.lost()).containsExactly(Map.entry(LossReason.ENDED, 7L));
    free.countDown();
    await().until(() -> !output.lines.isEmpty());
    assertThat(sink.account()).isEqualTo(account);
  }

  @Test
  void account_addsUp_atAnyTime() {
    LocalSink sink = open(8192);
    var random = new Random(400);
    output.react(
        batch ->
            random.nextInt(5) == 0
                ? new Answer.Later("no room", null)
                : batch.size() % 10 == 1 ? new Answer.Refused("no") : new Answer.Taken());
    Thread burst = Thread.ofPlatform().start(() -> take(sink, 3000));
    while (burst.isAlive() || sink.account().pending() > 0) {
      assertThat(sink.account()).matches(SinkAccount::isBalanced);
    }
    assertThat(sink.account().taken()).isEqualTo(3000);
  }
}

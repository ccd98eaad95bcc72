package org.kmodwatch.agent.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.kmodwatch.core.testing.EventBuilder.event;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.format.Format;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.NoticeIds;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;

@Timeout(60)
class SpooledSinkTest {

  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration SEND_AT_END = Duration.ofSeconds(1);
  private static final String TOKEN = "s3cret-token";
  private static final Catalogue CATALOGUE = Catalogue.of(List.of(new KernelModuleLoading()));

  @TempDir Path folder;
  private final List<String> notes = new CopyOnWriteArrayList<>();
  private final List<String> refusals = new CopyOnWriteArrayList<>();
  private int made;

  @SuppressWarnings("NullAway.Init")
  private Receiver receiver;

  @SuppressWarnings("NullAway.Init")
  private SpooledSink sink;

  @BeforeEach
  void open() throws IOException {
    receiver = new Receiver();
    Files.writeString(folder.resolve("token"), TOKEN);
    Files.setPosixFilePermissions(
        folder.resolve("token"), PosixFilePermissions.fromString("rw-------"));
    sink = newSink(SpooledSink.MIN_SPOOL_BYTES, 8192);
  }

  @AfterEach
  void close() {
    sink.close();
    receiver.close();
  }

  private SpooledSink newSink(long spoolBytes, int queued) {
    return newSink(spoolBytes, queued, Optional.empty());
  }

  private SpooledSink newSink(long spoolBytes, int queued, Optional<SinkAccount> before) {
    WebhookTarget webhook =
        WebhookTarget.of(
            "--webhook",
            receiver.url(),
            Secret.inFile("--webhook-token-file", folder.resolve("token")));
    var settings =
        new SpooledSink.Settings(
            InstantSource.system(),
            new Random(1017),
            Duration.ofMillis(20),
            Duration.ofMillis(200),
            Duration.ofMillis(50),
            SEND_AT_END,
            queued);
    var opened =
        new SpooledSink(
            settings(webhook, spoolBytes),
            context(),
            FormatName.KMODWATCH.open(CATALOGUE, "0", "host1"),
            new HttpTransport(webhook, Format.JSON, "0", InstantSource.system(), REQUEST_TIMEOUT),
            settings,
            before);
    opened.start();
    return opened;
  }

  private SinkSettings settings() {
    return settings(
        WebhookTarget.of("--webhook", "http://127.0.0.1:1/", null), SpooledSink.MIN_SPOOL_BYTES);
  }

  private SinkSettings settings(WebhookTarget webhook, long spoolBytes) {
    return new SinkSettings(
        "webhook",
        webhook,
        FormatName.KMODWATCH,
        SinkFilter.FINDINGS_AND_LOADS,
        folder.resolve("spool"),
        spoolBytes);
  }

  private SinkContext context() {
    return new SinkContext("0", "host1", CATALOGUE, notes::add, refusals::add);
  }

  @Test
  void receiverThatIsDownThenSlowThenUnwillingThenUp_getsAll_inOrder() throws IOException {
    take(150);
    await().until(() -> sink.account().failingSince() != null);
    take(150);

    CountDownLatch answered = new CountDownLatch(3);
    receiver.react(
        ids -> {
          // Longer than the sink waits: it gives up, and this one has them all the same.
          Thread.sleep(answered.getCount() > 1 ? 2500 : 300);
          answered.countDown();
          return 200;
        });
    receiver.up();
    await().atMost(Duration.ofSeconds(20)).until(() -> answered.getCount() == 0);
    receiver.react(ids -> 503);
    int before = receiver.requests();
    take(50);
    await().until(() -> receiver.requests() > before);
    receiver.react(ids -> 200);
    take(50);

    awaitDelivered(400);
    assertThat(receiver.distinctIds()).isEqualTo(idsOf(0, 400));
    assertThat(receiver.ids()).as("repeats").hasSizeGreaterThan(400);
    assertThat(receiver.authorizations()).containsOnly("Bearer " + TOKEN);
    assertThat(notes)
        .startsWith(
            "webhook: cannot send to %s, kept until it can: cannot connect".formatted(shownUrl()))
        .anyMatch(
            note ->
                note.matches("webhook: \\S+ takes them again after \\d+ s")
                    && note.contains(shownUrl()))
        .noneMatch(note -> note.contains(TOKEN) || note.contains("in-the-url"));
    assertAddsUp(0);
  }

  @Test
  void retryAfter_isHeeded() throws IOException {
    receiver.react(ids -> 503);
    receiver.up();
    take(1);
    await().until(() -> receiver.requests() == 1);
    long start = System.nanoTime();
    receiver.react(ids -> 200);
    take(1);

    awaitDelivered(2);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(800));
    assertThat(receiver.requests()).isEqualTo(2);
  }

  @Test
  void itemThatIsRefused_isDroppedAlone_andCounted() throws IOException {
    List<String> bad = List.of(idsOf(17, 1).getFirst(), idsOf(63, 1).getFirst());
    receiver.react(ids -> ids.stream().anyMatch(bad::contains) ? 400 : 200);
    take(100);
    receiver.up();

    await().until(() -> sink.account().delivered() == 98);
    assertThat(sink.account().refused()).isEqualTo(2);
    assertThat(receiver.distinctIds()).hasSize(98).doesNotContainAnyElementsOf(bad);
    assertThat(receiver.ids()).isEqualTo(receiver.distinctIds());
    assertThat(refusals)
        .containsExactlyElementsOf(
            bad.stream()
                .map(
                    id ->
                        "webhook: %s refused an item, which is dropped: status=400, id=%s"
                            .formatted(shownUrl(), id))
                .toList());
    assertAddsUp(0);
  }

  @Test
  void statusThatBlamesTheSender_dropsNothing() throws IOException {
    receiver.react(ids -> 401);
    receiver.up();
    take(10);
    await().until(() -> receiver.requests() > 2);
    assertAddsUp(10);
    assertThat(notes).singleElement().asString().endsWith("kept until it can: HTTP status 401");

    receiver.react(ids -> 200);
    awaitDelivered(10);
  }

  @Test
  void whatWasNotSent_isSentAfterARestart_withTheSameIds() throws IOException {
    take(30);
    sink.accept(new Notice.OfFinding(finding()));
    String findingId = NoticeIds.ofFinding(finding());
    sink.close();
    assertAddsUpWithoutSpool(31);
    receiver.up();
    sink = newSink(SpooledSink.MIN_SPOOL_BYTES, 8192);

    await().until(() -> sink.account().delivered() == 31);
    assertThat(sink.account().carriedOver()).isEqualTo(31);
    assertThat(receiver.ids()).startsWith(idsOf(0, 30).toArray(String[]::new)).endsWith(findingId);
  }

  @Test
  void fullDisk_isPassedBy_andWhatItHeldComesFirst() throws IOException, SpoolException {
    take(10);
    await().until(() -> sink.account().spooled() == 10);
    diskIsFull();
    take(200);
    await()
        .until(
            () -> notes.stream().anyMatch(note -> note.startsWith("webhook: spool: cannot write")));
    assertThat(sink.awaitOnDisk(Duration.ofMinutes(1))).as("does not wait for it").isFalse();
    assertThat(sink.account().spooled()).isEqualTo(10);
    receiver.up();

    awaitDelivered(210);
    assertThat(receiver.distinctIds()).isEqualTo(idsOf(0, 210));
    assertThat(sink.awaitOnDisk(Duration.ZERO)).isTrue();
    sink.spool().execute("DROP TRIGGER full");
    take(1);
    awaitDelivered(211);
    assertThat(notes).contains("webhook: spool: writing again");
    assertAddsUp(0);
  }

  @Test
  void queueThatIsFull_holdsNobodyUp_andCounts() throws SpoolException {
    sink.close();
    sink = newSink(SpooledSink.MIN_SPOOL_BYTES, 100);
    diskIsFull();
    take(50);
    await()
        .until(
            () -> notes.stream().anyMatch(note -> note.startsWith("webhook: spool: cannot write")));
    long start = System.nanoTime();
    take(5000);

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    assertThat(sink.account().lost().get(LossReason.QUEUE_FULL)).isBetween(4900L, 4950L);
    assertThat(sink.account().isBalanced()).isTrue();
    assertThat(notes).anyMatch(note -> note.startsWith("webhook: lost: "));
  }

  @Test
  void close_endsInTime_andKeepsWhatASlowReceiverDidNotTake() throws IOException {
    receiver.react(
        ids -> {
          Thread.sleep(60_000);
          return 200;
        });
    receiver.up();
    take(2000);
    long start = System.nanoTime();
    sink.close();

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isLessThan(SEND_AT_END.plus(Duration.ofSeconds(3)));
    assertAddsUpWithoutSpool(2000);
    assertThat(sink.awaitOnDisk(Duration.ZERO)).isTrue();
  }

  @Test
  void close_sendsWhatIsLeft_whenTheReceiverTakesIt() throws IOException {
    receiver.up();
    take(500);
    sink.close();

    assertThat(sink.account().delivered()).isEqualTo(500);
    assertThat(receiver.ids()).isEqualTo(idsOf(0, 500));
  }

  @Test
  void whatNeitherDiskNorReceiverTook_isCountedAsLost_atTheEnd() throws SpoolException {
    diskIsFull();
    take(7);
    sink.close();

    // One that comes alone may find room in a page that is there.
    long lost = sink.account().lost().getOrDefault(LossReason.ENDED, 0L);
    assertThat(lost).isBetween(5L, 7L);
    assertThat(sink.account().pending()).isEqualTo(7 - lost);
    assertThat(sink.account().isBalanced()).isTrue();
    assertThat(sink.awaitOnDisk(Duration.ZERO)).isFalse();
    assertThat(notes)
        .contains(
            "webhook: %d that neither the disk nor the receiver took are lost".formatted(lost));
  }

  @Test
  void faultInATransport_isAFailureAsAnyOther() {
    sink.close();
    var faults = new AtomicInteger(2);
    Transport faulty =
        new Transport() {
          @Override
          public Answer send(List<Item> batch) {
            if (faults.getAndDecrement() > 0) {
              throw new StackOverflowError();
            }
            return new Answer.Taken();
          }

          @Override
          public void close() {}
        };
    sink =
        new SpooledSink(
            settings(),
            context(),
            FormatName.KMODWATCH.open(CATALOGUE, "0", "host1"),
            faulty,
            SpooledSink.Settings.REAL,
            Optional.empty());
    sink.start();
    sink.accept(new Notice.OfFinding(numbered(made++)));
    awaitDelivered(1);
    assertThat(notes)
        .contains(
            "webhook: cannot send to http://127.0.0.1:1, kept until it can:"
                + " java.lang.StackOverflowError (a fault of kmodwatch)");
  }

  @Test
  void sinkThatIsLeft_letsGoOfItsSpool_thoughNothingEndsItsSending() throws Exception {
    receiver.up();
    sink.close();
    var asked = new CountDownLatch(1);
    var late = new CountDownLatch(1);
    Transport pipe =
        new Transport() {
          @Override
          public Answer send(List<Item> batch) {
            asked.countDown();
            while (late.getCount() > 0) {
              try {
                late.await();
              } catch (InterruptedException e) {
                // As a pipe that nobody reads.
              }
            }
            return new Answer.Taken();
          }

          @Override
          public void close() {
            // It is not ours to close.
          }
        };
    var stuck =
        new SpooledSink(
            settings(),
            context(),
            FormatName.KMODWATCH.open(CATALOGUE, "0", "host1"),
            pipe,
            SpooledSink.Settings.REAL,
            Optional.empty());
    stuck.start();
    stuck.accept(new Notice.OfFinding(numbered(made++)));
    asked.await();

    stuck.leave();

    sink = newSink(SpooledSink.MIN_SPOOL_BYTES, 8192);
    late.countDown();
    awaitDelivered(1);
    assertThat(receiver.distinctIds()).isEqualTo(idsOf(0, 1));
  }

  @Test
  void stall_isSaid_whileTheReceiverOrTheDiskAcceptsNothing() throws Exception {
    Duration moment = Duration.ofMillis(300);
    assertThat(sink.stall(moment)).isEmpty();
    take(3);
    await().until(() -> sink.stall(moment).isPresent());
    assertThat(sink.stall(moment).orElseThrow())
        .satisfies(
            stall -> {
              assertThat(stall.output()).isEqualTo("sink webhook");
              assertThat(stall.waiting()).isEqualTo(3);
              assertThat(stall.why())
                  .isEqualTo("cannot send to %s: cannot connect".formatted(shownUrl()));
            });
    receiver.up();
    awaitDelivered(3);
    assertThat(sink.stall(moment)).isEmpty();

    diskIsFull();
    take(1);
    await().until(() -> sink.stall(moment).isPresent());
    assertThat(sink.stall(moment).orElseThrow().why()).startsWith("cannot write the spool: ");
    awaitDelivered(4);
    sink.spool().execute("DROP TRIGGER full");
    await().until(() -> sink.stall(moment).isEmpty());
    assertThat(notes).contains("webhook: spool: writing again");
    assertAddsUp(0);
  }

  @Test
  void sinkAfterOneThatIsSlowToEnd_takesItems_andHasTheSpoolOnceItIsFree() throws Exception {
    receiver.up();
    sink.close();
    var held = new CountDownLatch(1);
    var free = new CountDownLatch(1);
    SinkContext slow =
        new SinkContext(
            "0",
            "host1",
            CATALOGUE,
            notes::add,
            line -> {
              held.countDown();
              awaitStubbornly(free);
            });
    var before =
        new SpooledSink(
            settings(),
            slow,
            FormatName.KMODWATCH.open(CATALOGUE, "0", "host1"),
            refusingTheFirst(),
            SpooledSink.Settings.REAL,
            Optional.empty());
    before.start();
    before.accept(new Notice.OfFinding(numbered(made++)));
    held.await();
    before.accept(new Notice.OfFinding(numbered(made++)));
    await().until(() -> before.account().spooled() == 2);

    before.leave();

    sink = newSink(SpooledSink.MIN_SPOOL_BYTES, 8192, Optional.of(before.account().ended()));
    take(1);
    await().until(() -> receiver.distinctIds().equals(idsOf(2, 1)));
    free.countDown();
    await().until(() -> receiver.distinctIds().containsAll(idsOf(1, 2)));
    // The sender asks the spool first in any case; the writer only if it gets the item before it.
    await().until(() -> notes.contains("webhook: spool: reading again"));
    assertThat(notes)
        .anyMatch(note -> note.contains("spool: cannot read, trying again every second: the sink"));
    take(1);
    await().until(() -> sink.account().spooled() >= 1);
  }

  /** As a thread that waits for a disk. */
  private static void awaitStubbornly(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        // Nothing ends it.
      }
    }
  }

  private static Transport refusingTheFirst() {
    return new Transport() {
      private boolean asked;

      @Override
      public Answer send(List<Item> batch) {
        boolean first = !asked;
        asked = true;
        return first ? new Answer.Refused("not this one") : new Answer.Later("not now", null);
      }

      @Override
      public void close() {
        // There is nothing to close.
      }
    };
  }

  @Test
  void sinkThatIsLeft_letsGoOfItsSpool_thoughItsReceiverNeverAnswers() throws Exception {
    receiver.up();
    awaitDelivered(0);
    sink.close();
    var asked = new CountDownLatch(1);
    var givenUp = new CountDownLatch(1);
    Transport stubborn =
        new Transport() {
          @Override
          public Answer send(List<Item> batch) {
            asked.countDown();
            boolean waiting = true;
            while (waiting) {
              try {
                givenUp.await();
                waiting = false;
              } catch (InterruptedException e) {
                // As a socket that is written to: nothing but its end ends this.
              }
            }
            return new Answer.Later("given up", null);
          }

          @Override
          public void close() {
            givenUp.countDown();
          }
        };
    var stuck =
        new SpooledSink(
            settings(),
            context(),
            FormatName.KMODWATCH.open(CATALOGUE, "0", "host1"),
            stubborn,
            SpooledSink.Settings.REAL,
            Optional.empty());
    stuck.start();
    stuck.accept(new Notice.OfFinding(numbered(made++)));
    asked.await();

    stuck.leave();

    sink = newSink(SpooledSink.MIN_SPOOL_BYTES, 8192);
    awaitDelivered(1);
    assertThat(sink.account().carriedOver()).isEqualTo(1);
  }

  @Test
  void account_addsUp_atAnyTime() throws Exception {
    var random = new Random(400);
    receiver.react(ids -> random.nextInt(5) == 0 ? 500 : ids.size() % 10 == 0 ? 400 : 200);
    receiver.up();
    Thread burst = Thread.ofPlatform().start(() -> take(3000));
    while (burst.isAlive() || sink.account().pending() > 0) {
      assertThat(sink.account()).matches(SinkAccount::isBalanced);
    }
    assertAddsUp(0);
  }

  @Test
  void item_hasTheFindingInIt_andAnIdThatIsTheSameInAnotherRun() {
    var notice = new Notice.OfFinding(finding());
    String id = new NoticeIds().of(notice);
    byte[] body =
        FormatName.KMODWATCH.open(CATALOGUE, "0", "host1").write(notice, id).orElseThrow();

    assertThat(id)
        .isEqualTo("finding:db1682dca971fc36891cc0f8c73e5e2e")
        .isEqualTo(NoticeIds.ofFinding(finding()));
    assertThat(new String(body, UTF_8))
        .startsWith(
            "{\"id\":\"%s\",\"kind\":\"finding\",\"time\":\"2026-11-22T20:00:00.123456789Z\",\"host\":\"host1\",\"data\":{\"Data\":null,\"Event\":"
                .formatted(id))
        .endsWith("}}");
  }

  @Test
  void fullSpool_isSaidEachTimeItFills_andWhenItHasRoomAgain() throws IOException {
    receiver.react(ids -> 503);
    receiver.up();
    takeLarge(300);
    await().until(() -> count("webhook: spool: full, the oldest are dropped") == 1);

    receiver.react(ids -> 200);
    await().until(() -> sink.account().pending() == 0);
    await().until(() -> count("webhook: spool: has room again; dropped meanwhile: ") == 1);

    receiver.react(ids -> 503);
    takeLarge(300);
    await().until(() -> count("webhook: spool: full, the oldest are dropped") == 2);
  }

  private long count(String beginning) {
    return notes.stream().filter(note -> note.startsWith(beginning)).count();
  }

  /** 20 KB each; the spool has 4 MiB. */
  private void takeLarge(int count) {
    for (int i = 0; i < count; i++) {
      sink.accept(
          new Notice.OfFinding(
              findingOn(
                  event("init_module").at(1L + made++).with("name", "x".repeat(20_000)).build())));
    }
  }

  @Test
  void correctedRecord_hasAnIdOfItsOwn() {
    var ids = new NoticeIds();
    var notice = new Notice.OfLoad(load("dummy").build());

    assertThat(ids.of(notice)).isEqualTo(idsOfOneLoad());
    assertThat(ids.of(notice)).isEqualTo(idsOfOneLoad() + "/2");
  }

  @Test
  void correctedRecord_hasTheSameId_whenAnotherProcessHandedOnTheFirst() {
    var notice =
        new Notice.OfLoad(load("dummy").build().replacing("the call had not returned by then"));

    assertThat(new NoticeIds().of(notice)).isEqualTo(idsOfOneLoad() + "/2");
  }

  private static String idsOfOneLoad() {
    return "load:" + load("dummy").build().id();
  }

  private static Finding finding() {
    return findingOn(event("init_module").with("len", 1).build());
  }

  private static Finding findingOn(Event event) {
    return new Finding(new KernelModuleLoading().metadata(), event, null);
  }

  /** Hands the sink the next findings; the n-th has the time n ns past the epoch. */
  private void take(int count) {
    for (int i = 0; i < count; i++) {
      sink.accept(new Notice.OfFinding(numbered(made++)));
    }
  }

  private static Finding numbered(int number) {
    return findingOn(event("init_module").at(number + 1L).with("len", 1).build());
  }

  private static List<String> idsOf(int from, int count) {
    return java.util.stream.IntStream.range(from, from + count)
        .mapToObj(n -> NoticeIds.ofFinding(numbered(n)))
        .toList();
  }

  private void diskIsFull() throws SpoolException {
    sink.spool()
        .execute(
            "CREATE TEMP TRIGGER full BEFORE INSERT ON item BEGIN SELECT RAISE(ABORT, 'full');"
                + " END");
  }

  private String shownUrl() {
    return receiver.url().replaceFirst("/hook.*", "");
  }

  private void awaitDelivered(long count) {
    await().atMost(Duration.ofSeconds(30)).until(() -> sink.account().delivered() == count);
  }

  /** The account adds up and says what is in the file. */
  private void assertAddsUp(long pending) throws IOException {
    assertAddsUpWithoutSpool(pending);
    try {
      assertThat(sink.spool().rows()).isEqualTo(pending);
    } catch (SpoolException e) {
      throw new IOException(e);
    }
  }

  private void assertAddsUpWithoutSpool(long pending) {
    await().until(() -> sink.account().pending() == pending);
    assertThat(sink.account().isBalanced()).as("%s", sink.account()).isTrue();
  }
}

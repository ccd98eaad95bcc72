package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.testing.KilledProgram;

class SpoolTest {

  private static final long MAX_BYTES = 4L << 20;
  private static final int BIG = 10_000;

  @TempDir Path temporary;
  private final List<String> notes = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  private Path folder;

  @SuppressWarnings("NullAway.Init")
  private Counters counters;

  @SuppressWarnings("NullAway.Init")
  private Spool spool;

  @BeforeEach
  void open() {
    folder = temporary.resolve("spool");
    reopen();
  }

  @AfterEach
  void close() {
    spool.close();
  }

  private void reopen() {
    counters = new Counters("test");
    spool = Spool.open(folder, MAX_BYTES, counters, notes::add, false);
  }

  @Test
  void items_comeInOrder_untilTheyAreSettled() throws SpoolException {
    append(items(0, 5, 10));

    Spool.Batch batch = spool.next(3, 1 << 20);
    spool.settle(batch.part(0, 1), false);
    spool.settle(batch.part(1, 2), true);
    spool.giveBack();

    assertThat(ids(batch)).containsExactly("0", "1", "2");
    assertThat(ids(spool.next(10, 1 << 20))).containsExactly("2", "3", "4");
    assertThat(counters.account().delivered()).isEqualTo(1);
    assertThat(counters.account().refused()).isEqualTo(1);
    assertAddsUp(3);
  }

  @Test
  void batch_endsBeforeItGetsTooLarge_butHasOneItem() throws SpoolException {
    append(items(0, 3, 400));

    assertThat(ids(spool.next(10, 900))).containsExactly("0", "1");
    assertThat(ids(spool.next(10, 100))).containsExactly("0");
  }

  @Test
  void fullSpool_forcesOutTheOldest_andCountsThem() throws SpoolException {
    int made = 0;
    for (int i = 0; i < 60; i++) {
      append(items(made, 20, BIG));
      made += 20;
    }

    long forcedOut = counters.account().forcedOut();
    // 12 MB went into 4 MiB of pages.
    assertThat(forcedOut).isBetween(750L, 950L);
    assertAddsUp(made - forcedOut);
    assertThat(ids(spool.next(1, 1))).containsExactly(Long.toString(forcedOut));
    assertThat(sizeOf("spool.db")).isLessThanOrEqualTo(MAX_BYTES);
    assertThat(sizeOf("spool.db-wal")).isLessThan(4 << 20);
  }

  @Test
  void whatIsOnItsWay_isNeverForcedOut() throws SpoolException {
    append(items(0, 10, BIG));
    Spool.Batch onItsWay = spool.next(10, 1 << 20);
    for (int i = 1; i < 60; i++) {
      append(items(i * 20, 20, BIG));
    }
    spool.settle(onItsWay, false);
    spool.giveBack();

    assertThat(counters.account().delivered()).isEqualTo(10);
    assertAddsUp(counters.account().pending());
  }

  @Test
  void fullDisk_changesNothing_andSpoolGoesOnAfterIt() throws SpoolException {
    append(items(0, 50, BIG));
    long rows = spool.rows();
    spool.execute("PRAGMA max_page_count=1");

    assertThatThrownBy(() -> append(items(50, 50, BIG)))
        .isInstanceOf(SpoolException.class)
        .hasMessageContaining("full");
    assertThat(spool.rows()).isEqualTo(rows);
    counters.lostInMemory(LossReason.ENDED, 50);
    assertAddsUp(50);

    spool.execute("PRAGMA max_page_count=10000");
    append(items(50, 1, BIG));
    assertAddsUp(51);
  }

  @Test
  void whatCouldNotBeDeleted_isNotSentAgain_andGoesBeforeAnythingIsForcedOut()
      throws SpoolException {
    append(items(0, 200, BIG));
    Spool.Batch batch = spool.next(100, 2 << 20);
    spool.execute(
        "CREATE TEMP TRIGGER stuck BEFORE DELETE ON item BEGIN SELECT RAISE(ABORT, 'no'); END");
    spool.settle(batch, false);
    spool.giveBack();
    spool.execute("DROP TRIGGER stuck");

    assertThat(ids(spool.next(1, 1))).containsExactly("100");
    assertAddsUp(100);
    append(items(200, 150, BIG));
    assertThat(counters.account().forcedOut()).isZero();
    assertAddsUp(250);
  }

  @Test
  void killedWriter_leavesAllThatItWasToldIsWritten_inOrder() throws Exception {
    spool.close();
    int written = KilledProgram.run(300, Writer.class, folder.toString());
    reopen();

    List<String> ids = ids(spool.next(100_000, 1 << 30));
    assertThat(ids).hasSizeGreaterThanOrEqualTo(written);
    assertThat(ids).isEqualTo(numbers(0, ids.size()));
    assertThat(counters.account().carriedOver()).isEqualTo(ids.size());
    assertAddsUp(ids.size());
  }

  @Test
  void damagedFile_isSetAside_atTheStart() throws IOException, SpoolException {
    append(items(0, 5, 10));
    spool.close();
    Files.writeString(folder.resolve("spool.db"), "x".repeat(100));
    reopen();

    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith(
            "spool: damaged, what was in it cannot be sent; kept as %s/spool.db.damaged-1 ("
                .formatted(folder));
    append(items(5, 1, 10));
    assertThat(ids(spool.next(10, 1 << 20))).containsExactly("5");
    assertAddsUp(1);
  }

  @Test
  void damage_thatShowsLater_isCounted_andTheSpoolGoesOn() throws IOException, SpoolException {
    append(items(0, 200, BIG));
    spool.close();
    var junk = new byte[1 << 20];
    Arrays.fill(junk, (byte) 0x5a);
    try (var file = Files.newByteChannel(folder.resolve("spool.db"), StandardOpenOption.WRITE)) {
      file.position(1 << 16);
      file.write(ByteBuffer.wrap(junk));
    }
    reopen();
    for (int i = 0; i < 3; i++) {
      try {
        Spool.Batch all = spool.next(1000, 1 << 30);
        all.items().forEach(item -> assertThat(item.body()).hasSize(BIG));
      } catch (SpoolException e) {
        // It is replaced.
      }
    }
    append(items(200, 1, 10));

    assertThat(ids(spool.next(1000, 1 << 30))).endsWith("200");
    assertThat(notes).hasSize(1).first().asString().contains("damaged");
    assertAddsUp(counters.account().pending());
  }

  @Test
  void folderAndFiles_areForNobodyElse() throws IOException, SpoolException {
    append(items(0, 5, 10));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    for (String name : List.of("spool.db", "spool.db-wal", "spool.lock")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
          .as(name)
          .isEqualTo("rw-------");
    }
    assertThat(folder.resolve("spool.db-shm")).doesNotExist();
  }

  @Test
  void secondAgent_isRefused() {
    assertThatThrownBy(
            () -> Spool.open(folder, MAX_BYTES, new Counters("second"), notes::add, false))
        .isInstanceOf(SinkException.class)
        .hasMessage(
            "--spool: another kmodwatch uses the folder: %s; remedy: give each its own"
                .formatted(folder));
  }

  @Test
  void folderThatOthersMayLookInto_isRefused() throws IOException {
    Path open = Files.createDirectory(temporary.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));

    assertThatThrownBy(() -> Spool.open(open, MAX_BYTES, new Counters("x"), notes::add, false))
        .isInstanceOf(SinkException.class)
        .hasMessage("--spool: others may look into the folder; remedy: chmod 700 " + open);
  }

  @Test
  void spoolOfALaterVersion_isLeftAsItIs_andKeepsNobodyFromStarting() throws Exception {
    append(items(0, 5, 10));
    spool.execute("PRAGMA user_version=99");
    spool.close();

    reopen();

    assertThatThrownBy(() -> append(items(5, 1, 10)))
        .isInstanceOf(SpoolException.class)
        .hasMessage(
            "the spool is of a later Kmodwatch: version=99, known=1; remedy: install that one, or"
                + " move the file away");
  }

  /** Appends item after item, and says so of each. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) throws SpoolException {
      var counters = new Counters("writer");
      try (Spool spool = Spool.open(Path.of(args[0]), 64 << 20, counters, note -> {}, false)) {
        for (int i = 0; i < 100_000; i++) {
          counters.taken();
          spool.append(items(i, 1, 1000));
          IO.println(i + 1);
        }
      }
    }
  }

  private void append(List<Item> items) throws SpoolException {
    items.forEach(item -> counters.taken());
    spool.append(items);
  }

  /** The account adds up, and says what is in the file. */
  private void assertAddsUp(long pending) throws SpoolException {
    SinkAccount account = counters.account();
    assertThat(account.isBalanced()).as("%s", account).isTrue();
    assertThat(account.pending()).isEqualTo(pending);
    assertThat(spool.rows()).isEqualTo(counters.inSpool()).isEqualTo(pending);
  }

  private long sizeOf(String file) {
    return folder.resolve(file).toFile().length();
  }

  static List<Item> items(int from, int count, int bytes) {
    return numbers(from, count).stream()
        .map(id -> new Item(id, Notice.Kind.LOAD, 1, 2, new byte[bytes]))
        .toList();
  }

  private static List<String> numbers(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(Integer::toString).toList();
  }

  private static List<String> ids(Spool.Batch batch) {
    return batch.items().stream().map(Item::id).toList();
  }
}

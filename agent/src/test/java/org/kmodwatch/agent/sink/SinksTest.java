package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.builtin.KernelModuleLoading;

@Timeout(60)
class SinksTest {

  @TempDir Path folder;
  private final List<String> notes = new CopyOnWriteArrayList<>();

  @SuppressWarnings("NullAway.Init") // set before each test
  private Sinks sinks;

  @BeforeEach
  void open() {
    var context =
        new SinkContext(
            "0", "host1", Catalogue.of(List.of(new KernelModuleLoading())), notes::add, notes::add);
    sinks = Sinks.open(List.of(file("archive", "a")), context, OutputStream.nullOutputStream());
  }

  @AfterEach
  void close() {
    sinks.close();
  }

  private SinkSettings file(String name, String path) {
    return new SinkSettings(
        name,
        new FileTarget(folder.resolve(path), 0, 0, false),
        FormatName.LOADS,
        SinkFilter.LOADS,
        folder.resolve("spool").resolve(name),
        SpooledSink.MIN_SPOOL_BYTES);
  }

  private void tellAndAwait(String module, String path) {
    sinks.accept(new Notice.OfLoad(load(module).build()));
    Path file = folder.resolve(path);
    await()
        .until(() -> Files.exists(file) && Files.readString(file).contains("\"" + module + "\""));
    await().until(() -> sinks.accounts().getLast().pending() == 0);
  }

  @Test
  void sinkThatIsReplaced_hasOneAccount_thatGoesOn() {
    tellAndAwait("one", "a");
    sinks.replace(List.of(file("archive", "b")));
    tellAndAwait("two", "b");

    assertThat(sinks.accounts()).extracting(SinkAccount::name).containsExactly("archive");
    SinkAccount account = sinks.accounts().getFirst();
    assertThat(account.taken()).isEqualTo(2);
    assertThat(account.delivered()).isEqualTo(2);
    assertThat(account.isBalanced()).isTrue();
  }

  @Test
  void sinkThatComesBack_hasItsAccountAgain() {
    tellAndAwait("one", "a");
    sinks.replace(List.of());
    assertThat(sinks.accounts()).extracting(SinkAccount::name).containsExactly("archive");
    sinks.replace(List.of(file("archive", "a")));
    tellAndAwait("two", "a");

    assertThat(sinks.accounts()).hasSize(1);
    assertThat(sinks.accounts().getFirst().delivered()).isEqualTo(2);
  }

  @Test
  void whatWaited_isCountedOnce_whenTheSinkIsReplaced() throws Exception {
    Path blocked = Files.createDirectory(folder.resolve("blocked"));
    sinks.replace(List.of(file("archive", "blocked")));
    sinks.accept(new Notice.OfLoad(load("one").build()));
    await().until(() -> sinks.accounts().getFirst().spooled() == 1);
    sinks.replace(List.of(file("archive", "b")));
    tellAndAwait("two", "b");

    assertThat(Files.readString(folder.resolve("b"))).contains("\"one\"", "\"two\"");
    SinkAccount account = sinks.accounts().getFirst();
    assertThat(account.taken()).isEqualTo(2);
    assertThat(account.carriedOver()).isZero();
    assertThat(account.isBalanced()).as("%s", account).isTrue();
    assertThat(blocked).isEmptyDirectory();
  }

  @Test
  void accountsOfSinksThatAreGone_addUp_howeverMany() {
    int gone = Sinks.MAX_ENDED + 6;
    for (int i = 0; i < gone; i++) {
      sinks.replace(List.of(file("sink" + i, "a")));
      sinks.accept(new Notice.OfLoad(load("m" + i).build()));
    }
    sinks.replace(List.of());

    List<SinkAccount> accounts = sinks.accounts();
    assertThat(accounts).hasSize(Sinks.MAX_ENDED + 1);
    assertThat(accounts.getFirst().name()).isEqualTo(Sinks.OLDER);
    assertThat(accounts).extracting(SinkAccount::name).doesNotHaveDuplicates();
    assertThat(accounts.stream().mapToLong(SinkAccount::taken).sum()).isEqualTo(gone);
    assertThat(accounts).allMatch(SinkAccount::isBalanced);
  }

  @Test
  void memoryOfAllSinks_isBounded_andEachHasItsShare() throws Exception {
    var many = new ArrayList<SinkSettings>();
    for (int i = 0; i < 8; i++) {
      Files.createDirectory(folder.resolve("f" + i));
      many.add(file("sink" + i, "f" + i));
    }
    sinks.replace(many);
    // Neither the spools nor the files can be written.
    sinks.fillDisks();
    String large = "x".repeat(100_000);
    for (int i = 0; i < 400; i++) {
      sinks.accept(new Notice.OfLoad(load("m" + i).failed(-22L, large).build()));
    }

    for (SinkAccount account : sinks.accounts()) {
      if (account.name().startsWith("sink")) {
        assertThat(account.lost().getOrDefault(LossReason.QUEUE_FULL, 0L))
            .as(account.name())
            .isBetween(350L, 365L);
      }
    }
  }

  @Test
  void sinks_areAsTheyWere_whenANewOneCannotBeOpened() throws Exception {
    Files.createFile(folder.resolve("no-folder"));
    SinkSettings good = file("archive", "a");
    SinkSettings bad =
        new SinkSettings(
            "bad",
            good.target(),
            good.format(),
            good.filter(),
            folder.resolve("no-folder"),
            SpooledSink.MIN_SPOOL_BYTES);
    tellAndAwait("one", "a");

    assertThatThrownBy(() -> sinks.replace(List.of(file("archive", "b"), bad)))
        .isInstanceOf(SinkException.class);
    tellAndAwait("two", "a");

    assertThat(sinks.accounts())
        .filteredOn(account -> account.name().equals("archive"))
        .singleElement()
        .satisfies(account -> assertThat(account.delivered()).isEqualTo(2));
  }
}

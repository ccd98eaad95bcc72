package org.kmodwatch.history.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {

  private static final List<String> FIRST =
      List.of("CREATE TABLE item (name TEXT)", "INSERT INTO item VALUES ('a'), ('b')");
  private static final List<String> SECOND =
      List.of(
          "ALTER TABLE item ADD COLUMN length INTEGER", "UPDATE item SET length = length(name)");
  private static final List<String> BROKEN =
      List.of("INSERT INTO item VALUES ('c', 1)", "INSERT INTO nowhere VALUES (1)");

  @TempDir Path temporary;

  @SuppressWarnings("NullAway.Init")
  private PrivateFolder folder;

  @BeforeEach
  void open() {
    folder = PrivateFolder.open("--test", temporary.resolve("folder"), "test");
  }

  @AfterEach
  void close() {
    folder.close();
  }

  private Database database(List<List<String>> versions) {
    return new Database(folder, new Database.Layout("the test", false, versions), 4 << 20);
  }

  private static long number(Database database, String query) throws Exception {
    return database.inTransaction(sql -> Database.number(sql, query));
  }

  @Test
  void laterVersion_isMadeOfTheEarlierOne_withWhatIsInIt() throws Exception {
    Database old = database(List.of(FIRST));
    assertThat(number(old, "SELECT count(*) FROM item")).isEqualTo(2);
    old.close();

    Database later = database(List.of(FIRST, SECOND));
    assertThat(number(later, "SELECT sum(length) FROM item")).isEqualTo(2);
    assertThat(number(later, "PRAGMA user_version")).isEqualTo(2);
    later.close();
  }

  @Test
  void migrationThatFails_leavesTheEarlierVersion() throws Exception {
    Database old = database(List.of(FIRST, SECOND));
    number(old, "SELECT 1");
    old.close();

    Database broken = database(List.of(FIRST, SECOND, BROKEN));
    assertThatThrownBy(() -> number(broken, "SELECT 1"))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("nowhere");
    assertThat(number(old, "SELECT count(*) FROM item")).isEqualTo(2);
    assertThat(number(old, "PRAGMA user_version")).isEqualTo(2);
    old.close();
  }

  @Test
  void temporaryFiles_areNotNeeded() throws Exception {
    Database database = database(List.of(FIRST));

    assertThat(number(database, "PRAGMA temp_store")).as("2: in memory").isEqualTo(2);
    database.close();
  }

  @Test
  void workThatFails_leavesAllAsItWas() throws Exception {
    Database database = database(List.of(FIRST));

    assertThatThrownBy(
            () ->
                database.inTransaction(
                    sql -> {
                      Database.execute(sql, "DELETE FROM item");
                      throw new SQLException("no more");
                    }))
        .hasMessage("no more");
    assertThat(number(database, "SELECT count(*) FROM item")).isEqualTo(2);
    database.close();
  }

  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void fifosInTheFolder_holdNobodyUp() throws Exception {
    folder.close();
    Path lock = temporary.resolve("folder").resolve("test.lock");
    Files.delete(lock);
    makeFifo(lock);
    for (String end : List.of("", "-wal", "-shm", "-journal")) {
      makeFifo(temporary.resolve("folder").resolve("test.db" + end));
    }

    folder = PrivateFolder.open("--test", temporary.resolve("folder"), "test");
    Database database = database(List.of(FIRST));
    assertThatThrownBy(() -> number(database, "SELECT count(*) FROM item"))
        .isInstanceOf(SQLException.class);
    database.close();
    assertThatThrownBy(() -> PrivateFolder.open("--test", temporary.resolve("folder"), "test"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("another kmodwatch uses the folder");
  }

  private static void makeFifo(Path path) throws Exception {
    assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor()).isZero();
  }
}

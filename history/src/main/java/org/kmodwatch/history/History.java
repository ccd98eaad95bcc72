package org.kmodwatch.history;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.read.LoadReader;
import org.kmodwatch.history.store.Database;
import org.kmodwatch.history.store.PrivateFolder;
import org.kmodwatch.history.store.StoreException;

/**
 * Writes load records into the history, and deletes records that exceed the age or the size. A
 * record that is already stored is not added again. A record that replaces an earlier one takes its
 * place. Thread-safe; every method may wait for the disk.
 *
 * <p>The folder is locked at the first write, so two instances in one process may overlap. For
 * maintainers: a deletion needs space in the write-ahead log. On a full disk a deletion fails too,
 * and every write waits for space.
 */
public final class History implements AutoCloseable {

  /** Limits the deletions per write, so that one write never waits for the deletion of a year. */
  private static final int MAX_OLD_A_WRITE = 1000;

  private static final String OPTION = "--history";

  private final Path path;
  private final long maxBytes;
  private final OldAge oldAge;
  private final Consumer<String> notes;
  private @Nullable PrivateFolder folder;
  private @Nullable Database database;

  private History(Path path, long maxBytes, OldAge oldAge, Consumer<String> notes) {
    this.path = path;
    this.maxBytes = maxBytes;
    this.oldAge = oldAge;
    this.notes = notes;
  }

  /**
   * Returns a history in the folder {@code path}. The folder is created if it is missing.
   *
   * @param maxBytes the largest size, in bytes
   * @param maxAge how long a record is kept, by {@code clock}; after that clock is set forward,
   *     nothing is deleted by age for a day
   * @param nanoTime a clock that cannot be set, as {@link System#nanoTime}
   * @param notes takes messages for the operator
   * @throws StoreException if the folder is not private, or another user's; a disk error is thrown
   *     by {@link #add} instead
   */
  public static History of(
      Path path,
      long maxBytes,
      Duration maxAge,
      InstantSource clock,
      LongSupplier nanoTime,
      Consumer<String> notes) {
    try {
      PrivateFolder.require(OPTION, path);
    } catch (StoreException e) {
      if (!e.isOfTheDisk()) {
        throw e;
      }
    }
    return new History(path, maxBytes, new OldAge(maxAge, clock, nanoTime), notes);
  }

  /**
   * Adds all of {@code records}, or none of them.
   *
   * @param records load records as {@link org.kmodwatch.core.write.LoadWriter} writes them
   * @throws org.kmodwatch.core.load.LoadRecordException if one of them is not a load record
   * @throws HistoryException if the history cannot be written; it is unchanged then
   */
  public synchronized void add(List<byte[]> records) throws HistoryException {
    var rows = new ArrayList<HistoryRow>();
    for (byte[] record : records) {
      rows.add(HistoryRow.of(LoadReader.read(record), PackedRecord.pack(record)));
    }
    try {
      Database open = opened();
      try {
        write(open, rows);
      } catch (SQLException e) {
        if (!Database.isDamage(e)) {
          throw e;
        }
        notes.accept(
            "history: damaged, what was in it is not in the new one; kept as %s (%s)"
                .formatted(open.setAside(), e.getMessage()));
        write(open, rows);
      }
    } catch (SQLException | IOException | StoreException e) {
      throw new HistoryException(String.valueOf(e.getMessage()), e);
    }
  }

  private Database opened() {
    PrivateFolder locked = folder;
    if (locked == null) {
      locked = PrivateFolder.open(OPTION, path, Tables.NAME);
      folder = locked;
    }
    Database open = database;
    if (open == null) {
      open = new Database(locked, Tables.LAYOUT, maxBytes);
      database = open;
    }
    return open;
  }

  private void write(Database open, List<HistoryRow> rows) throws SQLException, IOException {
    open.inTransaction(
        sql -> {
          deleteOld(sql);
          makeRoom(sql, rows);
          try (PreparedStatement insert = sql.prepareStatement(HistoryRow.INSERT);
              PreparedStatement delete = sql.prepareStatement(HistoryRow.DELETE)) {
            for (HistoryRow row : rows) {
              if (row.replaces()) {
                insert.executeBatch();
                row.bindDelete(delete);
                delete.executeUpdate();
              }
              row.bind(insert);
              insert.addBatch();
            }
            insert.executeBatch();
          }
          return rows;
        });
  }

  private void deleteOld(Connection sql) throws SQLException {
    if (oldAge.isNew()) {
      newest(sql).ifPresent(oldAge::newest);
    }
    Instant before = oldAge.before().orElse(null);
    if (before == null) {
      return;
    }
    long beforeNanos = before.getEpochSecond() * 1_000_000_000L + before.getNano();
    try (PreparedStatement delete =
        sql.prepareStatement(
            "DELETE FROM load WHERE sequence IN (SELECT sequence FROM load INDEXED BY load_time"
                + " WHERE time < ? ORDER BY time LIMIT ?)")) {
      delete.setLong(1, beforeNanos);
      delete.setInt(2, MAX_OLD_A_WRITE);
      delete.executeUpdate();
    }
  }

  private static Optional<Instant> newest(Connection sql) throws SQLException {
    try (PreparedStatement select =
            sql.prepareStatement("SELECT time FROM load ORDER BY sequence DESC LIMIT 1");
        ResultSet rows = select.executeQuery()) {
      return rows.next()
          ? Optional.of(Instant.ofEpochSecond(0, rows.getLong(1)))
          : Optional.empty();
    }
  }

  private void makeRoom(Connection sql, List<HistoryRow> rows) throws SQLException {
    long wanted = Database.PAGE_BYTES;
    for (HistoryRow row : rows) {
      wanted += row.bytes();
    }
    long excess;
    while ((excess = Database.usedBytes(sql) + wanted - maxBytes) > 0) {
      // The rows are deleted in small steps: a deletion first needs space in the log.
      if (deleteFirst(sql, Math.max(excess, maxBytes / 1000)) == 0) {
        return;
      }
    }
  }

  private static int deleteFirst(Connection sql, long bytes) throws SQLException {
    long last = Long.MIN_VALUE;
    try (PreparedStatement select =
            sql.prepareStatement("SELECT sequence, length(record) FROM load ORDER BY sequence");
        ResultSet rows = select.executeQuery()) {
      long sum = 0;
      while (sum < bytes && rows.next()) {
        last = rows.getLong(1);
        sum += rows.getLong(2);
      }
    }
    try (PreparedStatement delete = sql.prepareStatement("DELETE FROM load WHERE sequence <= ?")) {
      delete.setLong(1, last);
      return delete.executeUpdate();
    }
  }

  /** Executes a statement, so that a test can provoke a disk error. */
  synchronized void execute(String text) throws SQLException, IOException {
    opened()
        .inTransaction(
            sql -> {
              Database.execute(sql, text);
              return text;
            });
  }

  @Override
  public synchronized void close() {
    if (database != null) {
      database.close();
    }
    if (folder != null) {
      folder.close();
    }
    database = null;
    folder = null;
  }
}

package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.history.store.Database;
import org.kmodwatch.history.store.PrivateFolder;
import org.kmodwatch.history.store.StoreException;

/**
 * A spool holds items on disk until they are sent: one SQLite file, in order, bounded. Thread-safe;
 * every method may wait for the disk.
 *
 * <p>For maintainers:
 *
 * <ul>
 *   <li>Counters change after the commit, under the lock of this object.
 *   <li>{@code cursor} is the last settled item. Settled items are deleted, but a full disk may
 *       prevent that. Then the cursor is ahead, and the next deletion removes them. Only a restart
 *       in between sends them again.
 *   <li>An item that is being sent is never dropped from a full spool, so each item has one end and
 *       is counted once.
 *   <li>The bound applies to the pages in use; the file itself does not shrink.
 * </ul>
 */
final class Spool implements AutoCloseable {

  /**
   * Files without a version had only id and body; their items are sent unchanged. AUTOINCREMENT
   * never reuses a number, or the cursor would skip the item.
   */
  private static final Database.Layout LAYOUT =
      new Database.Layout(
          "the spool",
          true,
          List.of(
              List.of(
                  "CREATE TABLE IF NOT EXISTS item (sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
                      + " id TEXT NOT NULL, body BLOB NOT NULL)",
                  "ALTER TABLE item ADD COLUMN kind TEXT NOT NULL DEFAULT ''",
                  "ALTER TABLE item ADD COLUMN time INTEGER NOT NULL DEFAULT 0",
                  "ALTER TABLE item ADD COLUMN severity INTEGER NOT NULL DEFAULT 0",
                  "UPDATE item SET kind = substr(id, 1, instr(id, ':') - 1)"
                      + " WHERE instr(id, ':') > 0")));

  private final Path path;
  private final long maxBytes;
  private final Counters counters;
  private final Consumer<String> notes;
  private final boolean afterAnother;
  private @Nullable PrivateFolder folder;
  private @Nullable Database database;
  private long cursor;
  private long inFlightTo;
  private int generation;
  private boolean closed;

  /** Says whether the items that the file held when first opened are counted. */
  private boolean counted;

  private Spool(
      Path path, long maxBytes, Counters counters, Consumer<String> notes, boolean afterAnother) {
    this.path = path;
    this.maxBytes = maxBytes;
    this.counters = counters;
    this.notes = notes;
    this.afterAnother = afterAnother;
  }

  /**
   * A part of the spool that is being sent.
   *
   * @param items the items, in order
   * @param sequences the numbers of the items in the file
   * @param generation the generation of the file that holds the items
   */
  record Batch(List<Item> items, List<Long> sequences, int generation) {
    Batch {
      items = List.copyOf(items);
      sequences = List.copyOf(sequences);
    }

    Batch part(int from, int to) {
      return new Batch(items.subList(from, to), sequences.subList(from, to), generation);
    }
  }

  /**
   * Opens or creates a spool, and counts its items as carried over. A damaged file is set aside. If
   * the disk is full, read-only or broken, or a later version wrote the file, a later call opens
   * it. So no disk keeps the agent from starting.
   *
   * @param afterAnother whether an earlier sink may still hold the folder and will release it
   * @throws SinkException if the folder is another user's, or in use
   */
  static Spool open(
      Path path, long maxBytes, Counters counters, Consumer<String> notes, boolean afterAnother) {
    var spool = new Spool(path, maxBytes, counters, notes, afterAnother);
    try {
      spool.perform(sql -> 0);
    } catch (SpoolException e) {
      if (e.getCause() instanceof StoreException refused && !refused.isOfTheDisk()) {
        spool.close();
        throw new SinkException(String.valueOf(refused.getMessage()), refused);
      }
    }
    return spool;
  }

  /**
   * Writes all of {@code items}, or none of them. Items that are dropped to make room are counted.
   *
   * @return the number of dropped items
   * @throws SpoolException if the spool cannot be written; it is unchanged then
   */
  synchronized long append(List<Item> items) throws SpoolException {
    long forcedOut =
        perform(
            sql -> {
              deleteSent(sql);
              long gone = makeRoom(sql, items);
              try (PreparedStatement insert =
                  sql.prepareStatement(
                      "INSERT INTO item (id, body, kind, time, severity) VALUES (?, ?, ?, ?, ?)")) {
                for (Item item : items) {
                  insert.setString(1, item.id());
                  insert.setBytes(2, item.body());
                  insert.setString(3, item.kind().word());
                  insert.setLong(4, item.timeNanos());
                  insert.setInt(5, item.severity());
                  insert.addBatch();
                }
                insert.executeBatch();
              }
              return gone;
            });
    counters.forcedOut(forcedOut);
    counters.spooled(items.size());
    return forcedOut;
  }

  private long makeRoom(Connection sql, List<Item> items) throws SQLException {
    long wanted = Database.PAGE_BYTES;
    for (Item item : items) {
      wanted += item.body().length + item.id().length() + 64;
    }
    long forcedOut = 0;
    long excess;
    while ((excess = Database.usedBytes(sql) + wanted - maxBytes) > 0) {
      // A hundredth of the spool is dropped at once, so that not every batch needs a deletion.
      long gone = deleteOldest(sql, Math.max(excess, maxBytes / 100));
      if (gone == 0) {
        break;
      }
      forcedOut += gone;
    }
    return forcedOut;
  }

  private long deleteOldest(Connection sql, long bytes) throws SQLException {
    long after = Math.max(cursor, inFlightTo);
    long last = after;
    try (PreparedStatement select =
        sql.prepareStatement(
            "SELECT sequence, length(body) FROM item WHERE sequence > ? ORDER BY sequence")) {
      select.setLong(1, after);
      try (ResultSet rows = select.executeQuery()) {
        long sum = 0;
        while (sum < bytes && rows.next()) {
          last = rows.getLong(1);
          sum += rows.getLong(2);
        }
      }
    }
    try (PreparedStatement delete =
        sql.prepareStatement("DELETE FROM item WHERE sequence > ? AND sequence <= ?")) {
      delete.setLong(1, after);
      delete.setLong(2, last);
      return delete.executeUpdate();
    }
  }

  private void deleteSent(Connection sql) throws SQLException {
    try (PreparedStatement delete = sql.prepareStatement("DELETE FROM item WHERE sequence <= ?")) {
      delete.setLong(1, cursor);
      delete.executeUpdate();
    }
  }

  /**
   * Returns the oldest items that are not sent yet; empty if there are none. They count as being
   * sent until {@link #settle} has settled all of them, or until {@link #giveBack}.
   *
   * @throws SpoolException if the spool cannot be read
   */
  synchronized Batch next(int maxItems, long maxBatchBytes) throws SpoolException {
    var items = new ArrayList<Item>();
    var sequences = new ArrayList<Long>();
    perform(
        sql -> {
          long size = 2;
          try (PreparedStatement select =
              sql.prepareStatement(
                  "SELECT sequence, id, body, kind, time, severity FROM item WHERE sequence > ?"
                      + " ORDER BY sequence LIMIT ?")) {
            select.setLong(1, cursor);
            select.setInt(2, maxItems);
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                Item item = item(rows);
                size += item.body().length + 1;
                if (size > maxBatchBytes && !items.isEmpty()) {
                  break;
                }
                items.add(item);
                sequences.add(rows.getLong(1));
              }
            }
          }
          return items.size();
        });
    inFlightTo = sequences.isEmpty() ? cursor : sequences.getLast();
    return new Batch(items, sequences, generation);
  }

  private static Item item(ResultSet row) throws SQLException {
    return new Item(
        row.getString(2),
        Notice.Kind.ofWord(row.getString(4)).orElse(Notice.Kind.LOAD),
        row.getLong(5),
        row.getInt(6),
        row.getBytes(3));
  }

  /** Counts {@code batch}, the oldest items that are being sent, as delivered or refused. */
  synchronized void settle(Batch batch, boolean refused) {
    if (batch.generation() != generation) {
      // The items were counted as lost when their file was found damaged.
      return;
    }
    cursor = batch.sequences().getLast();
    if (refused) {
      counters.refused(batch.items().size(), true);
    } else {
      counters.delivered(batch.items().size(), true);
    }
    try {
      perform(
          sql -> {
            deleteSent(sql);
            return cursor;
          });
    } catch (SpoolException later) {
      // The cursor is ahead; the next deletion removes the items.
    }
  }

  /** Returns unsettled items to the spool, to be sent again. */
  synchronized void giveBack() {
    inFlightTo = cursor;
  }

  /**
   * Tests the disk: writes an item and deletes it at once.
   *
   * @throws SpoolException if the spool cannot be written
   */
  void probe() throws SpoolException {
    perform(
        sql -> {
          Database.execute(sql, "INSERT INTO item (id, body) VALUES ('probe', x'')");
          Database.execute(sql, "DELETE FROM item WHERE sequence = last_insert_rowid()");
          return 0;
        });
  }

  /** Executes a statement, so that a test can make the disk look full or read-only. */
  void execute(String text) throws SpoolException {
    perform(
        sql -> {
          Database.execute(sql, text);
          return text;
        });
  }

  /** Counts the items that are still to be sent. For tests. */
  synchronized long rows() throws SpoolException {
    return perform(
        sql -> Database.number(sql, "SELECT count(*) FROM item WHERE sequence > " + cursor));
  }

  private Database opened() throws IOException {
    PrivateFolder locked = folder;
    if (locked == null) {
      locked = locked();
      folder = locked;
    }
    Database open = database;
    if (open == null) {
      open = new Database(locked, LAYOUT, maxBytes);
      database = open;
    }
    return open;
  }

  private PrivateFolder locked() throws IOException {
    try {
      return PrivateFolder.open("--spool", path, "spool");
    } catch (StoreException e) {
      if (afterAnother && e.isInUse()) {
        throw new IOException("the sink before this one has it still: " + path, e);
      }
      throw e;
    }
  }

  private void count(Database open) throws SQLException, IOException {
    long held = 0;
    try {
      held = open.inTransaction(sql -> Database.number(sql, "SELECT count(*) FROM item"));
    } catch (SQLException e) {
      if (!Database.isDamage(e)) {
        throw e;
      }
      notes.accept(
          "spool: damaged, what was in it cannot be sent; kept as %s (%s)"
              .formatted(open.setAside(), e.getMessage()));
    }
    counted = true;
    counters.found(held);
  }

  /** Runs {@code work} in a transaction, which is committed or rolled back. */
  private synchronized <T> T perform(Database.Work<T> work) throws SpoolException {
    if (closed) {
      // A sender may return late: another sink may own the spool by now.
      throw new SpoolException("it is closed");
    }
    try {
      Database open = opened();
      if (!counted) {
        count(open);
      }
      return inTransaction(open, work);
    } catch (SQLException | IOException | StoreException e) {
      throw new SpoolException(String.valueOf(e.getMessage()), e);
    }
  }

  private <T> T inTransaction(Database open, Database.Work<T> work)
      throws SQLException, IOException {
    try {
      return open.inTransaction(work);
    } catch (SQLException e) {
      if (Database.isDamage(e)) {
        replace(open, e);
      }
      throw e;
    }
  }

  /**
   * Sets a damaged file aside; the next use creates a new one. The items of the damaged file are
   * lost.
   */
  private void replace(Database open, SQLException damage) {
    generation++;
    long gone = counters.inSpool();
    counters.lostInSpool(LossReason.SPOOL_DAMAGED, gone);
    cursor = 0;
    inFlightTo = 0;
    try {
      notes.accept(
          "spool: damaged, %d in it cannot be sent; kept as %s (%s)"
              .formatted(gone, open.setAside(), damage.getMessage()));
    } catch (IOException e) {
      notes.accept("spool: damaged, and cannot be set aside: " + e);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
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

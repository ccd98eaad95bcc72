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
import org.kmodwatch.agent.store.Database;
import org.kmodwatch.agent.store.PrivateFolder;
import org.kmodwatch.agent.store.StoreException;

/**
 * What waits on disk to be sent: one SQLite file, in order, bounded. Thread-safe; every method may
 * wait for the disk.
 *
 * <p>For maintainers:
 *
 * <ul>
 *   <li>Counters move after the commit, under the lock of this object.
 *   <li>{@code cursor} is how far sending has come. What is acknowledged is deleted, but a disk
 *       that is full may not let it: then the cursor is ahead, and the next deletion takes it
 *       along. Only a restart in between sends it once more.
 *   <li>What is on its way is never forced out, so that each item has one end and is counted once.
 *   <li>The bound is on the pages in use; the file itself does not shrink.
 * </ul>
 */
final class Spool implements AutoCloseable {

  /**
   * Files without a version had id and body alone; what waits in such a file is sent as it is.
   * AUTOINCREMENT: a number is not given again, or the cursor would pass the item over.
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

  /** Whether what it held when it was first open is counted. */
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
   * @param items in order
   * @param sequences their numbers in the file
   * @param generation of the file that they are in
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
   * Opens or makes it, and counts what it holds as carried over. A damaged file is set aside. Where
   * the disk is full, read-only or broken, or the file is a later version's, it is opened by the
   * first method that can: no disk keeps the agent from starting.
   *
   * @param afterAnother whether a sink before this one may have it still, and lets go of it
   * @throws SinkException if the folder is another's, or in use
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
   * Writes all of {@code items}, or none of them. What that forces out is counted.
   *
   * @return how many it forced out
   * @throws SpoolException if it cannot be written; nothing has changed then
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
      // A hundredth at a time: not once more for each batch that comes.
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
   * The oldest items that are not sent yet; empty if there are none. They are on their way until
   * {@link #settle} has had them all, or {@link #giveBack}.
   *
   * @throws SpoolException if it cannot be read
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

  /** Counts {@code batch}, the front of what is on its way, as delivered or refused. */
  synchronized void settle(Batch batch, boolean refused) {
    if (batch.generation() != generation) {
      // It was counted when its file was found to be damaged.
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
      // The cursor knows; the next deletion takes it along.
    }
  }

  /** What is on its way and not settled is to be sent again. */
  synchronized void giveBack() {
    inFlightTo = cursor;
  }

  /**
   * Writes something that is gone again at once.
   *
   * @throws SpoolException if it cannot be written
   */
  void probe() throws SpoolException {
    perform(
        sql -> {
          Database.execute(sql, "INSERT INTO item (id, body) VALUES ('probe', x'')");
          Database.execute(sql, "DELETE FROM item WHERE sequence = last_insert_rowid()");
          return 0;
        });
  }

  /** Makes the disk look full or read-only. For tests. */
  void execute(String text) throws SpoolException {
    perform(
        sql -> {
          Database.execute(sql, text);
          return text;
        });
  }

  /** How many rows there are that are still to be sent. For tests. */
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

  /** Does {@code work} and commits it, or leaves all as it was. */
  private synchronized <T> T perform(Database.Work<T> work) throws SpoolException {
    if (closed) {
      // A sender that came back late: the spool is another's by now.
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

  /** A new file in place of one that cannot be read any more; what was in that is lost. */
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

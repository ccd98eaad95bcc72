package org.kmodwatch.history.store;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * One SQLite file. One thread at a time writes it. It has a write-ahead log (WAL), which is synced
 * at each commit (FULL). It is opened when it is first needed, and again after any failure. Not
 * thread-safe.
 *
 * <p>synchronous=NORMAL would outlive a kill too, but not a crash of the kernel. The record of a
 * module that crashes the kernel is the most important one. Loads are rare, and in a burst one sync
 * serves a whole batch.
 */
public final class Database {

  /** The size of a page in bytes. */
  public static final int PAGE_BYTES = 4096;

  /** How much of the log stays on the disk once it is written into the file. */
  private static final int MAX_LOG_BYTES = 4 << 20;

  /** The room in the file for the pages that a table needs besides its rows. */
  private static final int SPARE_PAGES = 256;

  /** Whether the process has loaded the library, which happens at the first connection. */
  private static volatile boolean libraryIsLoaded;

  private final PrivateFolder folder;
  private final Layout layout;
  private final long maxBytes;
  private @Nullable Connection connection;

  /**
   * Creates a database that is not open yet.
   *
   * @param maxBytes the limit of the used bytes, which the caller enforces; the file is a little
   *     larger at most
   */
  public Database(PrivateFolder folder, Layout layout, long maxBytes) {
    this.folder = folder;
    this.layout = layout;
    this.maxBytes = maxBytes;
  }

  /**
   * The content of a file.
   *
   * @param what its name in messages: {@code the spool}
   * @param alone whether it is locked permanently. Then SQLite needs no shared memory beside it,
   *     and no other process can read it
   * @param versions the statements that create each version of the tables from the one before. The
   *     first version is created from an empty file. SQLite's user_version has the number of the
   *     last
   */
  public record Layout(String what, boolean alone, List<List<String>> versions) {
    /** Copies the lists. */
    public Layout {
      versions = versions.stream().map(List::copyOf).toList();
    }

    /** Returns the version of the tables that this Kmodwatch creates. */
    public int version() {
      return versions.size();
    }
  }

  /** A unit of work in one transaction. */
  public interface Work<T> {
    /** Does the work. */
    T with(Connection sql) throws SQLException;
  }

  /**
   * Does {@code work} and commits it, or rolls it back.
   *
   * <p>JDBC's own way leaves a transaction open, and cannot detect that SQLite has ended it itself.
   */
  public <T> T inTransaction(Work<T> work) throws SQLException, IOException {
    Connection sql = connection == null ? connect() : connection;
    try {
      execute(sql, "BEGIN IMMEDIATE");
    } catch (SQLException e) {
      // The file is opened again the next time: it is the same file.
      close();
      throw e;
    }
    return finish(sql, work);
  }

  private static <T> T finish(Connection sql, Work<T> work) throws SQLException {
    try {
      T result = work.with(sql);
      execute(sql, "COMMIT");
      return result;
    } catch (SQLException e) {
      rollBack(sql);
      throw e;
    }
  }

  private static void rollBack(Connection sql) {
    try {
      execute(sql, "ROLLBACK");
    } catch (SQLException e) {
      // A full disk makes SQLite roll back itself. After any other failure, BEGIN will fail.
    }
  }

  private Connection connect() throws SQLException, IOException {
    requireRoomForLibrary();
    folder.createDatabase();
    Connection opened = DriverManager.getConnection("jdbc:sqlite:" + folder.database());
    connection = opened;
    libraryIsLoaded = true;
    try {
      if (layout.alone()) {
        // Before the log: without the lock, its first use creates the shared memory.
        execute(opened, "PRAGMA locking_mode=EXCLUSIVE");
      }
      // A service may have no writable folder for temporary files. Undo data of a statement on many
      // indexes went there.
      execute(opened, "PRAGMA temp_store=MEMORY");
      execute(opened, "PRAGMA journal_mode=WAL");
      execute(opened, "PRAGMA synchronous=FULL");
      execute(opened, "PRAGMA wal_autocheckpoint=256");
      execute(opened, "PRAGMA journal_size_limit=" + MAX_LOG_BYTES);
      execute(opened, "PRAGMA max_page_count=" + (maxBytes / PAGE_BYTES + SPARE_PAGES));
      migrate(opened);
    } catch (SQLException e) {
      close();
      throw e;
    }
    return opened;
  }

  /** Checks for room first: the driver does not recover from a library that it unpacked in part. */
  private void requireRoomForLibrary() throws IOException {
    if (!libraryIsLoaded && System.getProperty("org.sqlite.lib.path") == null && folder.isFull()) {
      throw new IOException("the disk is full");
    }
  }

  private void migrate(Connection sql) throws SQLException {
    long version = number(sql, "PRAGMA user_version");
    requireKnown(layout, version);
    for (int next = (int) version + 1; next <= layout.version(); next++) {
      int made = next;
      execute(sql, "BEGIN IMMEDIATE");
      finish(
          sql,
          transaction -> {
            for (String statement : layout.versions().get(made - 1)) {
              execute(transaction, statement);
            }
            execute(transaction, "PRAGMA user_version=" + made);
            return made;
          });
    }
  }

  /**
   * Refuses a file with unknown tables.
   *
   * @throws SQLException if it has a later version, which this Kmodwatch must not change
   */
  public static void requireKnown(Layout layout, long version) throws SQLException {
    if (version > layout.version()) {
      throw new SQLException(
          "%s is of a later Kmodwatch: version=%d, known=%d; remedy: install that one, or move the file away"
              .formatted(layout.what(), version, layout.version()));
    }
  }

  /** Returns how many bytes of the file are used, with the changes of this transaction. */
  public static long usedBytes(Connection sql) throws SQLException {
    return (number(sql, "PRAGMA page_count") - number(sql, "PRAGMA freelist_count")) * PAGE_BYTES;
  }

  /** Runs one statement without parameters. */
  public static void execute(Connection sql, String text) throws SQLException {
    try (Statement statement = sql.createStatement()) {
      statement.execute(text);
    }
  }

  /** Returns the first number of the first row; 0 if there is no row. */
  public static long number(Connection sql, String query) throws SQLException {
    try (Statement statement = sql.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  /** Returns whether the file itself is damaged, and not only unreachable. */
  public static boolean isDamage(SQLException e) {
    return e instanceof SQLiteException sqlite
        && (sqlite.getResultCode() == SQLiteErrorCode.SQLITE_NOTADB
            || (sqlite.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_CORRUPT.code);
  }

  /**
   * Renames the file. A new file is created when it is next needed.
   *
   * @return its new name
   */
  public Path setAside() throws IOException {
    close();
    return folder.setAside();
  }

  /** Closes the file until it is next needed. */
  public void close() {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      // The file has all committed data, so the failure is ignored.
    }
    connection = null;
  }
}

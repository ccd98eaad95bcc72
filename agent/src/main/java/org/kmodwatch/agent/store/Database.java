package org.kmodwatch.agent.store;

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
 * One SQLite file, written by one thread at a time: its log is written ahead (WAL) and synced at
 * each commit (FULL). It is opened when it is first needed, and again after whatever it failed by.
 * Not thread-safe.
 *
 * <p>synchronous=NORMAL would outlive a kill too, but not a crash of the kernel; and a module that
 * crashes the kernel is the one whose record is wanted most. Loads are rare, and in a burst one
 * sync serves a whole batch.
 */
public final class Database {

  /** Bytes of a page. */
  public static final int PAGE_BYTES = 4096;

  /** What of the log stays on the disk once it is written into the file. */
  private static final int MAX_LOG_BYTES = 4 << 20;

  /** Room in the file for the pages that a table needs besides its rows. */
  private static final int SPARE_PAGES = 256;

  /** One for the process; it is there from the first connection on. */
  private static volatile boolean libraryIsLoaded;

  private final PrivateFolder folder;
  private final Layout layout;
  private final long maxBytes;
  private @Nullable Connection connection;

  /**
   * One that is not open yet.
   *
   * @param maxBytes of what is in use, which its user sees to; the file is a little larger at most
   */
  public Database(PrivateFolder folder, Layout layout, long maxBytes) {
    this.folder = folder;
    this.layout = layout;
    this.maxBytes = maxBytes;
  }

  /**
   * What there is in a file.
   *
   * @param what it is called in messages: {@code the spool}
   * @param alone whether it is locked for good, so that SQLite needs no shared memory beside it and
   *     nobody else can read it
   * @param versions what makes each version of the tables out of the one before, the first out of
   *     an empty file; the number of the last is in SQLite's user_version
   */
  public record Layout(String what, boolean alone, List<List<String>> versions) {
    /** Copies the lists. */
    public Layout {
      versions = versions.stream().map(List::copyOf).toList();
    }

    /** The version of the tables that this Kmodwatch makes. */
    public int version() {
      return versions.size();
    }
  }

  /** Something that is done in one transaction. */
  public interface Work<T> {
    /** Does it. */
    T with(Connection sql) throws SQLException;
  }

  /**
   * Does {@code work} and commits it, or leaves all as it was.
   *
   * <p>JDBC's own way leaves a transaction open, and cannot tell one that SQLite has ended itself.
   */
  public <T> T inTransaction(Work<T> work) throws SQLException, IOException {
    Connection sql = connection == null ? connect() : connection;
    try {
      execute(sql, "BEGIN IMMEDIATE");
    } catch (SQLException e) {
      // Opened anew the next time: it is the same file.
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
      // A full disk makes SQLite roll back itself. If it was something else, BEGIN will tell.
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
        // Before the log: without the lock, its first use makes the shared memory.
        execute(opened, "PRAGMA locking_mode=EXCLUSIVE");
      }
      // A service may have no folder for temporary files that it can write to; what a statement on
      // many indexes needs, to be undone, went there.
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

  /** The driver does not recover from a library that it could not unpack as a whole. */
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
   * Refuses a file whose tables nobody here knows.
   *
   * @throws SQLException if it is of a later version, which this one must not touch
   */
  public static void requireKnown(Layout layout, long version) throws SQLException {
    if (version > layout.version()) {
      throw new SQLException(
          "%s is of a later Kmodwatch: version=%d, known=%d; remedy: install that one, or move the file away"
              .formatted(layout.what(), version, layout.version()));
    }
  }

  /** How much of the file holds something, with what this transaction has changed. */
  public static long usedBytes(Connection sql) throws SQLException {
    return (number(sql, "PRAGMA page_count") - number(sql, "PRAGMA freelist_count")) * PAGE_BYTES;
  }

  /** Runs one statement without parameters. */
  public static void execute(Connection sql, String text) throws SQLException {
    try (Statement statement = sql.createStatement()) {
      statement.execute(text);
    }
  }

  /** The first number of the first row; 0 if there is none. */
  public static long number(Connection sql, String query) throws SQLException {
    try (Statement statement = sql.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  /** Whether the file itself is damaged, and not only out of reach. */
  public static boolean isDamage(SQLException e) {
    return e instanceof SQLiteException sqlite
        && (sqlite.getResultCode() == SQLiteErrorCode.SQLITE_NOTADB
            || (sqlite.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_CORRUPT.code);
  }

  /**
   * Moves the file aside; a new one is made when it is next needed.
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
      // Nothing more can be done for it; what was committed is in the file.
    }
    connection = null;
  }
}

package org.kmodwatch.history;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecordException;
import org.kmodwatch.core.read.LoadReader;
import org.kmodwatch.history.store.Database;
import org.kmodwatch.history.store.StoreException;

/**
 * Reads a history, which another process may write at the same time. Not thread-safe.
 *
 * <p>For maintainers: SQLite's statistics hold the average number of rows per value. That does not
 * help here: of a million outcomes nearly all are the same. So the reader first counts, up to a
 * bound, the rows that each condition leaves. If a condition leaves few rows, its index finds them.
 * Otherwise, conditions that do not leave too many rows are intersected. If that leaves too many
 * too, matches are frequent. Then the newest are found quickly backwards in time, on the index of
 * one value if a condition has one. A pattern is compared with the distinct values, which are
 * mostly few, and not with the rows. If the values are many, the rows are compared: an attacker may
 * load ever new names to fill the reader's memory.
 */
public final class HistoryReader implements AutoCloseable {

  /** Limits the rows that are read one by one, without a delay that a person notices. */
  private static final int FEW = 5000;

  /** Limits the rows that are counted and intersected, in less time than that. */
  private static final int MANY = 100_000;

  /** Limits the distinct values, and their characters, that are compared with a pattern. */
  private static final int MAX_VALUES = 20_000;

  private static final int MAX_VALUES_CHARS = 1 << 20;

  private static final Pattern PARAMETER = Pattern.compile(":([A-Za-z_]\\w*)");

  private final Path file;
  private final Connection sql;
  private final int maxValues;

  private HistoryReader(Path file, Connection sql, int maxValues) {
    this.file = file;
    this.sql = sql;
    this.maxValues = maxValues;
  }

  /**
   * Holds the result of a query.
   *
   * @param records the number of records passed to the consumer
   * @param more whether older matches were left out
   * @param unreadable the number of unreadable records
   */
  public record Found(long records, boolean more, long unreadable) {}

  /**
   * Opens the history in {@code folder}.
   *
   * @throws StoreException if there is no history or it cannot be read; the message has the remedy
   */
  public static HistoryReader open(Path folder) {
    return open(folder, MAX_VALUES);
  }

  /** Opens the history with another limit of values that are compared with a pattern. */
  static HistoryReader open(Path folder, int maxValues) {
    Path file = folder.resolve(Tables.NAME + ".db");
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new StoreException(
          "%s is no folder, so there is no history in it; remedy: give the folder: --history DIR"
              .formatted(folder));
    }
    if (!Files.isReadable(file)) {
      throw new StoreException(
          Files.isExecutable(folder) || Files.notExists(folder)
              ? "there is no history in %s; remedy: kmodwatch watch --history, or give the folder: --history DIR"
                  .formatted(folder)
              : "no permission to read the history in %s; remedy: run this as the user of kmodwatch watch, mostly root"
                  .formatted(folder));
    }
    if (Files.isWritable(folder)) {
      // In another folder, the execution of the unpacked library may be forbidden.
      System.setProperty("org.sqlite.tmpdir", folder.toString());
    }
    try {
      Connection sql = DriverManager.getConnection("jdbc:sqlite:" + file);
      try {
        Database.execute(sql, "PRAGMA query_only=ON");
        Database.requireKnown(Tables.LAYOUT, Database.number(sql, "PRAGMA user_version"));
        return new HistoryReader(file, sql, maxValues);
      } catch (SQLException e) {
        sql.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new StoreException("cannot read the history %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * Passes the newest records that match {@code filter} to {@code records}, in the order of their
   * time.
   *
   * @param atMost the largest number of records; {@link Long#MAX_VALUE} for all, which are then not
   *     held in memory
   * @throws HistoryException if the history cannot be read
   */
  public Found read(HistoryFilter filter, long atMost, Consumer<LoadRecord> records)
      throws HistoryException {
    try {
      // The transaction reads the state of one moment.
      Database.execute(sql, "BEGIN");
      try {
        Query query = query(filter);
        return query == null
            ? new Found(0, false, 0)
            : atMost == Long.MAX_VALUE ? all(query, records) : newest(query, atMost, records);
      } finally {
        Database.execute(sql, "COMMIT");
      }
    } catch (SQLException e) {
      throw new HistoryException(
          "cannot read the history %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Holds a query: {@code FROM …} and its bound parameters. */
  record Query(String from, Map<String, Object> parameters) {}

  /** Returns a fast query for the matches of {@code filter}; null if there can be no match. */
  @Nullable Query query(HistoryFilter filter) throws SQLException {
    var parameters = new HashMap<String, Object>();
    parameters.put("since", filter.since() == null ? Long.MIN_VALUE : nanos(filter.since()));
    parameters.put("until", filter.until() == null ? Long.MAX_VALUE : nanos(filter.until()));
    List<RowSelection> conditions = conditions(filter);
    if (conditions == null) {
      return null;
    }
    conditions.forEach(condition -> parameters.putAll(condition.parameters()));
    var holds = new StringBuilder();
    for (RowSelection condition : conditions) {
      holds.append(" AND ").append(condition.holds());
    }
    if (!filter.preExisting()) {
      holds.append(" AND NOT pre_existing");
    }
    if (filter.since() != null || filter.until() != null) {
      // Every source is already within the time. This condition only offers another source.
      conditions.add(RowSelection.TIME);
    }
    String from = source(conditions, parameters);
    return new Query(from + holds, parameters);
  }

  /** Returns a source of rows of which most match {@code conditions}. */
  private String source(List<RowSelection> conditions, Map<String, Object> parameters)
      throws SQLException {
    List<Counted> counted = counted(conditions, parameters, FEW);
    if (counted.isEmpty()) {
      return RowSelection.ALL_IN_ORDER;
    }
    if (counted.getFirst().rows() <= FEW) {
      return "load WHERE sequence IN (%s)".formatted(counted.getFirst().condition().rows());
    }
    counted = counted(conditions, parameters, MANY);
    String together =
        counted.stream()
            .filter(each -> each.rows() <= MANY)
            .map(each -> each.condition().rows())
            .collect(Collectors.joining(") AND sequence IN (", "sequence IN (", ")"));
    if (counted.size() > 1
        && counted.get(1).rows() <= MANY
        && count("SELECT 1 FROM load WHERE " + together, parameters, FEW) <= FEW) {
      return "load WHERE " + together;
    }
    return counted.stream()
        .map(each -> each.condition().inOrder())
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(RowSelection.ALL_IN_ORDER);
  }

  /** Holds a condition and the number of rows that it leaves. */
  private record Counted(RowSelection condition, long rows) {}

  /** Counts the rows that each of {@code conditions} leaves, up to {@code most} plus one. */
  private List<Counted> counted(
      List<RowSelection> conditions, Map<String, Object> parameters, int most) throws SQLException {
    var counted = new ArrayList<Counted>();
    for (RowSelection condition : conditions) {
      counted.add(new Counted(condition, count(condition.rows(), parameters, most)));
    }
    counted.sort(Comparator.comparingLong(Counted::rows));
    return counted;
  }

  /** Returns the conditions of {@code filter}; null if one of them matches no stored value. */
  private @Nullable List<RowSelection> conditions(HistoryFilter filter) throws SQLException {
    var conditions = new ArrayList<RowSelection>();
    if (filter.hash() != null) {
      conditions.add(RowSelection.hash(filter.hash()));
    }
    if (filter.signature() != null) {
      conditions.add(RowSelection.oneOf("signature", List.of(filter.signature())));
    }
    if (filter.outcome() != null) {
      conditions.add(RowSelection.oneOf("outcome", List.of(filter.outcome())));
    }
    boolean any =
        add(conditions, "name", filter.name(), false)
            && add(conditions, "signer", filter.signer(), false)
            && add(conditions, "requester", filter.requester(), isLastPart(filter.requester()));
    String place = filter.place();
    if (place != null && place.indexOf('/') >= 0) {
      any = any && add(conditions, "path", place, false);
    } else if (place != null) {
      conditions.add(RowSelection.oneOf("place", List.of(place)));
    }
    return any ? conditions : null;
  }

  private static boolean isLastPart(@Nullable String program) {
    return program != null && program.indexOf('/') < 0;
  }

  /** Adds a condition, and returns whether it matches a stored value. */
  private boolean add(
      List<RowSelection> conditions, String column, @Nullable String pattern, boolean lastPart)
      throws SQLException {
    if (pattern == null) {
      return true;
    }
    var glob = new Glob(pattern);
    List<String> values =
        glob.isOne() && !lastPart ? List.of(pattern) : values(column, glob, lastPart);
    conditions.add(
        values == null
            ? RowSelection.like(column, glob, lastPart)
            : RowSelection.oneOf(column, values));
    return values == null || !values.isEmpty();
  }

  /**
   * Returns the distinct values of a column that match a pattern; null if there are too many to
   * compare. It reads one index entry per value.
   */
  private @Nullable List<String> values(String column, Glob glob, boolean lastPart)
      throws SQLException {
    String from = lastPart ? "" : glob.prefix();
    String next = "SELECT min(%1$s) FROM load INDEXED BY load_%1$s WHERE %1$s".formatted(column);
    String bound = RowSelection.upTo(column, from);
    String query =
        "WITH RECURSIVE each(value) AS (%s >= :from_%s%s UNION ALL SELECT (%s > value%s) FROM each WHERE value IS NOT NULL)"
                .formatted(next, column, bound, next, bound)
            + " SELECT value FROM each WHERE value IS NOT NULL LIMIT "
            + (maxValues + 1L);
    var found = new ArrayList<String>();
    int looked = 0;
    int chars = 0;
    try (PreparedStatement select =
            prepare(
                query, Map.of("from_" + column, from, "to_" + column, RowSelection.after(from)));
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        String value = rows.getString(1);
        if (++looked > maxValues) {
          return null;
        }
        if (glob.matches(lastPart ? value.substring(value.lastIndexOf('/') + 1) : value)) {
          found.add(value);
          chars += value.length();
          if (chars > MAX_VALUES_CHARS) {
            return null;
          }
        }
      }
    }
    return found;
  }

  private long count(String rows, Map<String, Object> parameters, int most) throws SQLException {
    String query = "SELECT count(*) FROM (SELECT 1 FROM (%s) LIMIT %d)".formatted(rows, most + 1);
    try (PreparedStatement select = prepare(query, parameters);
        ResultSet row = select.executeQuery()) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  private Found all(Query query, Consumer<LoadRecord> records) throws SQLException {
    long delivered = 0;
    long unreadable = 0;
    try (PreparedStatement select =
            prepare(
                "SELECT record FROM %s ORDER BY time".formatted(query.from()), query.parameters());
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        if (deliver(rows.getBytes(1), records)) {
          delivered++;
        } else {
          unreadable++;
        }
      }
    }
    return new Found(delivered, false, unreadable);
  }

  private Found newest(Query query, long atMost, Consumer<LoadRecord> records) throws SQLException {
    var sequences = new Sequences();
    try (PreparedStatement select =
            prepare(
                "SELECT sequence FROM %s ORDER BY time DESC LIMIT %d"
                    .formatted(query.from(), atMost + 1),
                query.parameters());
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        sequences.add(rows.getLong(1));
      }
    }
    boolean more = sequences.size() > atMost;
    long unreadable = 0;
    int first = more ? sequences.size() - 2 : sequences.size() - 1;
    try (PreparedStatement select =
        sql.prepareStatement("SELECT record FROM load WHERE sequence = ?")) {
      for (int i = first; i >= 0; i--) {
        select.setLong(1, sequences.get(i));
        try (ResultSet row = select.executeQuery()) {
          if (!row.next() || !deliver(row.getBytes(1), records)) {
            unreadable++;
          }
        }
      }
    }
    return new Found(first + 1 - unreadable, more, unreadable);
  }

  /** Stores row numbers, which may be millions, in blocks, so that growth copies nothing. */
  private static final class Sequences {

    private static final int PIECE = 1 << 16;

    private final List<long[]> pieces = new ArrayList<>();
    private int size;

    void add(long sequence) {
      if (size == pieces.size() * PIECE) {
        pieces.add(new long[PIECE]);
      }
      pieces.get(size / PIECE)[size % PIECE] = sequence;
      size++;
    }

    long get(int index) {
      return pieces.get(index / PIECE)[index % PIECE];
    }

    int size() {
      return size;
    }
  }

  private static boolean deliver(byte[] packed, Consumer<LoadRecord> records) {
    LoadRecord record;
    try {
      record = LoadReader.read(PackedRecord.unpack(packed));
    } catch (DataFormatException | LoadRecordException e) {
      return false;
    }
    records.accept(record);
    return true;
  }

  /** Prepares a statement; a name that occurs more than once is one parameter. */
  PreparedStatement prepare(String query, Map<String, Object> parameters) throws SQLException {
    var names = new LinkedHashSet<String>();
    Matcher matcher = PARAMETER.matcher(query);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    PreparedStatement statement = sql.prepareStatement(query);
    int index = 1;
    for (String name : names) {
      statement.setObject(index++, parameters.get(name));
    }
    return statement;
  }

  private static long nanos(Instant time) {
    return time.getEpochSecond() * 1_000_000_000L + time.getNano();
  }

  @Override
  public void close() {
    try {
      sql.close();
    } catch (SQLException e) {
      // Nothing was written: the error is harmless.
    }
  }
}

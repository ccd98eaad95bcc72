package org.kmodwatch.history;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;

/**
 * A row holds a load record and the fields that a query may test.
 *
 * @param replaces whether the record replaces an earlier one of the same id
 * @param name the module's name; of a request for a module, the alias
 * @param requester the requesting program: the file that it executes, or its name
 * @param place the place in the record's word; {@value #MEMORY} without a file
 */
@SuppressWarnings("ArrayRecordComponent") // Rows are never compared.
record HistoryRow(
    boolean replaces,
    String id,
    long timeNanos,
    boolean preExisting,
    @Nullable String name,
    @Nullable String sha256,
    @Nullable String decompressedSha256,
    @Nullable String signature,
    @Nullable String signer,
    String outcome,
    @Nullable String requester,
    @Nullable String place,
    @Nullable String path,
    byte[] packed) {

  /** Names the place of a module that was loaded from memory. */
  static final String MEMORY = "memory";

  /** Adds a row if it is not stored yet. */
  static final String INSERT =
      "INSERT INTO load (id, time, pre_existing, name, sha256, decompressed_sha256, signature,"
          + " signer, outcome, requester, place, path, record)"
          + " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13"
          + " WHERE NOT EXISTS (SELECT 1 FROM load WHERE time = ?2 AND id = ?1)";

  /** Deletes the row that a record replaces. */
  static final String DELETE = "DELETE FROM load WHERE time = ?1 AND id = ?2";

  /** Estimates the bytes of a row beside its record: its keys in the indices. */
  private static final int OVERHEAD_BYTES = 600;

  static HistoryRow of(LoadRecord load, byte[] packed) {
    LoadRecord.Image image = load.image();
    LoadRecord.Image.Decompressed decompressed = image == null ? null : image.decompressed();
    LoadRecord.ModuleSignature signature = image == null ? null : image.signature();
    LoadRecord.ModuleFile file = load.file();
    return new HistoryRow(
        load.replacesAnother(),
        load.id(),
        load.timeNanos(),
        load.preExisting(),
        load.nameOrAlias(),
        image == null ? null : image.sha256(),
        decompressed == null ? null : decompressed.sha256(),
        signature == null ? null : signature.status().word(),
        signature == null ? null : signature.signer(),
        LoadRecords.word(load.outcome()),
        requester(load),
        file != null ? LoadRecords.word(file.place()) : load.route().memoryOnly() ? MEMORY : null,
        file == null ? null : file.path(),
        packed);
  }

  private static @Nullable String requester(LoadRecord load) {
    LoadRecord.Requester requester = load.requester();
    LoadRecord.ProcessDetails process = requester == null ? load.loader() : requester.process();
    return process == null ? null : process.program();
  }

  /** Returns the approximate size of the row, in bytes. */
  int bytes() {
    return packed.length + OVERHEAD_BYTES;
  }

  void bind(PreparedStatement insert) throws SQLException {
    insert.setString(1, id);
    insert.setLong(2, timeNanos);
    insert.setBoolean(3, preExisting);
    text(insert, 4, name);
    text(insert, 5, sha256);
    text(insert, 6, decompressedSha256);
    text(insert, 7, signature);
    text(insert, 8, signer);
    insert.setString(9, outcome);
    text(insert, 10, requester);
    text(insert, 11, place);
    text(insert, 12, path);
    insert.setBytes(13, packed);
  }

  void bindDelete(PreparedStatement delete) throws SQLException {
    delete.setLong(1, timeNanos);
    delete.setString(2, id);
  }

  private static void text(PreparedStatement insert, int index, @Nullable String text)
      throws SQLException {
    if (text == null) {
      insert.setNull(index, Types.VARCHAR);
    } else {
      insert.setString(index, text);
    }
  }
}

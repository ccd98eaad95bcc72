package org.kmodwatch.history;

import java.util.List;
import org.kmodwatch.history.store.Database;

/** Defines the tables of a history, by version. A released version is never changed. */
final class Tables {

  /** Names the database in its folder. */
  static final String NAME = "history";

  private static final List<String> VERSION_1 =
      List.of(
          "CREATE TABLE load ("
              // The order of arrival, which is also the order of deletion.
              + "sequence INTEGER PRIMARY KEY,"
              + " id TEXT NOT NULL,"
              // The time in nanoseconds since the epoch.
              + " time INTEGER NOT NULL,"
              + " pre_existing INTEGER NOT NULL,"
              + " name TEXT,"
              + " sha256 TEXT,"
              + " decompressed_sha256 TEXT,"
              + " signature TEXT,"
              + " signer TEXT,"
              + " outcome TEXT NOT NULL,"
              + " requester TEXT,"
              + " place TEXT,"
              + " path TEXT,"
              // The record itself, packed by PackedRecord.
              + " record BLOB NOT NULL)",
          "CREATE INDEX load_time ON load (time)",
          "CREATE INDEX load_name ON load (name, time)",
          "CREATE INDEX load_sha256 ON load (sha256, time) WHERE sha256 IS NOT NULL",
          "CREATE INDEX load_decompressed_sha256 ON load (decompressed_sha256, time)"
              + " WHERE decompressed_sha256 IS NOT NULL",
          "CREATE INDEX load_signature ON load (signature, time)",
          "CREATE INDEX load_signer ON load (signer, time)",
          "CREATE INDEX load_outcome ON load (outcome, time)",
          "CREATE INDEX load_requester ON load (requester, time)",
          "CREATE INDEX load_place ON load (place, time)",
          "CREATE INDEX load_path ON load (path, time)");

  static final Database.Layout LAYOUT =
      new Database.Layout("the history", false, List.of(VERSION_1));

  private Tables() {}
}

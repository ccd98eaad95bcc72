package org.kmodwatch.core.format;

import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;

/**
 * Writes load records (docs/load-record.md): UTF-8, one line each with a newline at its end.
 * Unpaired surrogates are written as escapes.
 */
public final class LoadWriter {

  private LoadWriter() {}

  /** The line of {@code record}, newline included. */
  public static byte[] toBytes(LoadRecord record) {
    return JsonLine.of(out -> Json.write(out, LoadRecords.toValue(record)));
  }
}

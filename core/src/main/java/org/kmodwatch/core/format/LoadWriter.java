package org.kmodwatch.core.format;

import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;

/**
 * Writes load records (docs/load-record.md): UTF-8, one line each with a newline at its end.
 * Unpaired surrogates are written as escapes. Not thread-safe.
 */
public final class LoadWriter {

  private final JsonLine line = new JsonLine();

  /** Makes one. */
  public LoadWriter() {}

  /**
   * Writes {@code record} to {@code out} in one call, without flushing.
   *
   * @throws IOException if {@code out} fails
   */
  public void write(LoadRecord record, OutputStream out) throws IOException {
    write(record);
    line.writeTo(out);
  }

  /** The line of {@code record}, newline included. */
  public byte[] toBytes(LoadRecord record) {
    write(record);
    return line.toBytes();
  }

  private void write(LoadRecord record) {
    line.clear();
    Json.write(line, LoadRecords.toValue(record));
    line.end();
  }
}

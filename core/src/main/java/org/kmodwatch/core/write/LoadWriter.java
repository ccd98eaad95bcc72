package org.kmodwatch.core.write;

import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;

/**
 * Writes load records (docs/reference/load-record.md): UTF-8, one line each with a newline at its
 * end. Unpaired surrogates are written as escapes. Not thread-safe.
 */
public final class LoadWriter {

  private final ValueWriter writer = new ValueWriter();

  /** Creates a writer. */
  public LoadWriter() {}

  /**
   * Writes {@code record} to {@code out} in one call, without flushing.
   *
   * @throws IOException if {@code out} fails
   */
  public void write(LoadRecord record, OutputStream out) throws IOException {
    writer.write(LoadRecords.toValue(record), out);
  }

  /** Returns the line of {@code record}, newline included. */
  public byte[] toBytes(LoadRecord record) {
    return writer.toBytes(LoadRecords.toValue(record));
  }
}

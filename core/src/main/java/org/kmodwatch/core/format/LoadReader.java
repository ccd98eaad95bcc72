package org.kmodwatch.core.format;

import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecordException;
import org.kmodwatch.core.load.LoadRecords;

/** Reads load records that {@link LoadWriter} wrote. */
public final class LoadReader {

  private LoadReader() {}

  /**
   * The record in one line.
   *
   * @param line UTF-8, with or without the newline
   * @throws LoadRecordException if it is none, with what is wrong
   */
  public static LoadRecord read(byte[] line) {
    Value.Obj value;
    try {
      value = ValueReader.read(line);
    } catch (IllegalArgumentException e) {
      throw new LoadRecordException(String.valueOf(e.getMessage()));
    }
    return LoadRecords.fromValue(value);
  }
}

package org.kmodwatch.core.format;

import java.nio.CharBuffer;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecordException;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.text.Utf8;

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
    try {
      CharBuffer text = Utf8.unescapeSurrogates(Utf8.decode(line, 0, line.length));
      return LoadRecords.fromValue(new Value.Obj(Json.parseObject(text)));
    } catch (BadLineException e) {
      throw new LoadRecordException(String.valueOf(e.getMessage()));
    }
  }
}

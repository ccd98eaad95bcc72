package org.kmodwatch.core.read;

import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.text.Utf8;
import org.kmodwatch.core.write.ValueWriter;

/** Reads objects that {@link ValueWriter} or another program wrote as JSON. */
public final class ValueReader {

  private ValueReader() {}

  /**
   * Returns the object in {@code text}.
   *
   * @param text UTF-8
   * @throws IllegalArgumentException if the text is not a JSON object; the message has the error
   */
  public static Value.Obj read(byte[] text) {
    try {
      return new Value.Obj(
          Json.parseObject(Utf8.unescapeSurrogates(Utf8.decode(text, 0, text.length))));
    } catch (BadLineException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    }
  }
}

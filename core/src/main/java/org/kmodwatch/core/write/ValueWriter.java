package org.kmodwatch.core.write;

import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.core.event.Value;

/**
 * Writes values as JSON: UTF-8, one line each with a newline at its end. Unpaired surrogates are
 * written as escapes. Not thread-safe.
 */
public final class ValueWriter {

  private final JsonLine line = new JsonLine();

  /** Creates a writer. */
  public ValueWriter() {}

  /**
   * Writes {@code value} to {@code out} in one call, without flushing.
   *
   * @throws IOException if {@code out} fails
   */
  public void write(Value value, OutputStream out) throws IOException {
    write(value);
    line.writeTo(out);
  }

  /** Returns the line of {@code value}, newline included. */
  public byte[] toBytes(Value value) {
    write(value);
    return line.toBytes();
  }

  private void write(Value value) {
    line.clear();
    JsonValues.write(line, value);
    line.end();
  }
}

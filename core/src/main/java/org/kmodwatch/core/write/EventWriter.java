package org.kmodwatch.core.write;

import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.EventReader;

/**
 * Writes events in the flat form: UTF-8, one line each with a newline at its end, keys always in
 * the same order, {@code argsNum} counted.
 *
 * <p>{@link EventReader} reads the line as an equal event, except {@code source}, which is not part
 * of the JSON. Unpaired surrogates are written as escapes. Not thread-safe.
 */
public final class EventWriter {

  private final JsonLine line = new JsonLine();

  /** Creates a writer. */
  public EventWriter() {}

  /**
   * Writes {@code event} to {@code out} in one call, without flushing.
   *
   * @throws IllegalArgumentException if an unknown field of the event has the key of a known one
   * @throws IOException if {@code out} fails
   */
  public void write(Event event, OutputStream out) throws IOException {
    write(event);
    line.writeTo(out);
  }

  /**
   * Returns the line of {@code event}, newline included.
   *
   * @throws IllegalArgumentException if an unknown field of the event has the key of a known one
   */
  public byte[] toBytes(Event event) {
    write(event);
    return line.toBytes();
  }

  private void write(Event event) {
    line.clear();
    FlatWriter.write(line, event);
    line.end();
  }
}

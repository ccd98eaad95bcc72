package org.kmodwatch.core.format;

import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.core.event.Event;

/**
 * Writes events in the flat form: UTF-8, one line each with a newline at its end, keys always in
 * the same order, {@code argsNum} counted.
 *
 * <p>What {@link EventReader} makes of the line equals the event, {@code source} aside, which is
 * not part of the JSON. Unpaired surrogates are written as escapes.
 */
public final class EventWriter {

  private EventWriter() {}

  /**
   * Writes {@code event} to {@code out} in one call, without flushing.
   *
   * @throws IllegalArgumentException if an unknown field of the event has the key of a known one
   * @throws IOException if {@code out} fails
   */
  public static void write(Event event, OutputStream out) throws IOException {
    out.write(toBytes(event));
  }

  /**
   * The line of {@code event}, newline included.
   *
   * @throws IllegalArgumentException if an unknown field of the event has the key of a known one
   */
  public static byte[] toBytes(Event event) {
    return JsonLine.of(out -> FlatForm.write(out, event));
  }
}

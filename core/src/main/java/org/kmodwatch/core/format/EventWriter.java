package org.kmodwatch.core.format;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;

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
    return line(out -> FlatForm.write(out, event));
  }

  static byte[] line(Consumer<JsonGenerator> content) {
    var bytes = new ByteArrayOutputStream(1 << 10);
    try (JsonGenerator out =
        Json.FACTORY.createGenerator(ObjectWriteContext.empty(), new Utf8.JsonWriter(bytes))) {
      content.accept(out);
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }
}

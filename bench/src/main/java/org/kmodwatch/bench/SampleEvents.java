package org.kmodwatch.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.format.BadLine;
import org.kmodwatch.core.format.EventHandler;
import org.kmodwatch.core.format.EventReader;
import org.kmodwatch.core.format.ReadOptions;

/** Events of a recording as {@link RecordingGenerator} makes them, in memory. */
final class SampleEvents {

  private SampleEvents() {}

  /** Lines one after the other, each with its newline. */
  static byte[] recording(int lines, double share) {
    var bytes = new ByteArrayOutputStream();
    new RecordingGenerator(RecordingGenerator.SEED, share).lines(lines).forEach(bytes::writeBytes);
    return bytes.toByteArray();
  }

  /** The same, decoded. */
  static List<Event> events(int lines, double share) {
    var events = new ArrayList<Event>(lines);
    var handler =
        new EventHandler() {
          @Override
          public void onEvent(Event event) {
            events.add(event);
          }

          @Override
          public void onBadLine(BadLine line) {
            throw new BenchException("the generator made a bad line: " + line);
          }
        };
    try {
      EventReader.read(
          new ByteArrayInputStream(recording(lines, share)),
          "sample",
          ReadOptions.DEFAULT,
          handler);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(events);
  }
}

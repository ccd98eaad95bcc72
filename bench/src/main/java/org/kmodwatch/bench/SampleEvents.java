package org.kmodwatch.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
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
    try {
      return events(new ByteArrayInputStream(recording(lines, share)), "sample");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * All events of {@code in}.
   *
   * @throws BenchException if one of its lines is bad
   */
  static List<Event> events(InputStream in, String name) throws IOException {
    var events = new ArrayList<Event>();
    EventReader.read(
        in,
        name,
        ReadOptions.DEFAULT,
        new EventHandler() {
          @Override
          public void onEvent(Event event) {
            events.add(event);
          }

          @Override
          public void onBadLine(BadLine line) {
            throw new BenchException(line.toString());
          }
        });
    return List.copyOf(events);
  }
}

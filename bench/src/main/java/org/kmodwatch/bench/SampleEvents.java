package org.kmodwatch.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.EventReader;
import org.kmodwatch.core.scan.ReadOptions;

/** Provides the events of a recording by {@link RecordingGenerator}, in memory. */
final class SampleEvents {

  private SampleEvents() {}

  /** Returns a number of lines, each with its newline. */
  static byte[] recording(int lines, double share) {
    var bytes = new ByteArrayOutputStream();
    new RecordingGenerator(RecordingGenerator.SEED, share).lines(lines).forEach(bytes::writeBytes);
    return bytes.toByteArray();
  }

  /** Returns a number of decoded events. */
  static List<Event> events(int lines, double share) {
    try {
      return events(new ByteArrayInputStream(recording(lines, share)), "sample");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Decodes all events of {@code in}.
   *
   * @throws BenchException if a line is bad
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

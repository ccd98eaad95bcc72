package org.kmodwatch.core.read;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.scan.ReadOptions;

/** Holds the result of reading a recording. */
@NullMarked
record Reading(List<Event> events, List<String> badLines, ReadStatistics statistics) {

  static Reading of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  static Reading of(byte[] bytes) {
    return of(bytes, ReadOptions.DEFAULT);
  }

  /** Reads lines of which several may form one event. */
  static Reading joined(String text, ReadOptions options) {
    var events = new ArrayList<Event>();
    var badLines = new ArrayList<String>();
    try {
      ReadStatistics statistics =
          EventReader.read(
              new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
              "rec",
              options,
              collector(events, badLines));
      return new Reading(events, badLines, statistics);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Reading of(byte[] bytes, ReadOptions options) {
    try {
      return of(new ByteArrayInputStream(bytes), options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Reading of(InputStream in, ReadOptions options) throws IOException {
    var events = new ArrayList<Event>();
    var badLines = new ArrayList<String>();
    ReadStatistics statistics = EventReader.read(in, "rec", options, collector(events, badLines));
    if (statistics.lines()
            != statistics.events()
                + statistics.badLines()
                + statistics.blankLines()
                + statistics.otherLines()
        || statistics.events() != events.size()
        || statistics.badLines() != badLines.size()) {
      throw new AssertionError("the account does not add up: " + statistics);
    }
    return new Reading(events, badLines, statistics);
  }

  private static EventHandler collector(List<Event> events, List<String> badLines) {
    return new EventHandler() {
      @Override
      public void onEvent(Event event) {
        events.add(event);
      }

      @Override
      public void onBadLine(BadLine line) {
        badLines.add(line.toString());
      }
    };
  }

  static byte[] resource(String name) {
    try (InputStream in = Reading.class.getResourceAsStream("/recordings/" + name)) {
      if (in == null) {
        throw new AssertionError("no such recording: " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

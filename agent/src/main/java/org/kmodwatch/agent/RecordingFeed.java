package org.kmodwatch.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.format.BadLine;
import org.kmodwatch.core.format.EventHandler;

/**
 * Hands a recording's events to a pipeline, by the clock of the events. What an output throws comes
 * out as an {@link UncheckedIOException}, so that it is not taken for a failure of the input.
 *
 * @param pipeline takes the events
 * @param badLines takes the lines that are none
 */
record RecordingFeed(Pipeline pipeline, Consumer<BadLine> badLines) implements EventHandler {

  @Override
  public void onEvent(Event event) {
    try {
      pipeline.tick(SensorContexts.steadyNanos(event), event.timestampNanos());
      pipeline.accept(event);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void onBadLine(BadLine line) {
    badLines.accept(line);
  }
}

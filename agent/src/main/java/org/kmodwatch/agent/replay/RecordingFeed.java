package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import org.kmodwatch.core.event.CanaryCall;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.HostName;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;

/**
 * Feeds a recording's events to a pipeline, by the clocks of the events. An output's exception is
 * rethrown as an {@link UncheckedIOException}, so that it is not taken for a failure of the input.
 *
 * <p>Canary calls, which can load nothing, are counted and dropped. Other tools record one every
 * five seconds while an agent runs beside them. One thread.
 */
public final class RecordingFeed implements EventHandler {

  private final ReplayLoop loop;
  private final Consumer<BadLine> badLines;
  private final HostClocks clocks = new HostClocks();
  private long canaries;

  /**
   * Creates a feed.
   *
   * @param loop takes the events
   * @param badLines takes the lines that are not events
   */
  public RecordingFeed(ReplayLoop loop, Consumer<BadLine> badLines) {
    this.loop = loop;
    this.badLines = badLines;
  }

  @Override
  public void onEvent(Event event) {
    try {
      long late = lateNanos(event);
      long hostNanos = SensorContexts.steadyNanos(event) + late;
      long nowNanos = clocks.advance(HostName.of(event), hostNanos);
      loop.tick(nowNanos, hostNanos - nowNanos, event.timestampNanos() + late);
      if (CanaryCall.isOne(event)) {
        canaries++;
      } else {
        loop.accept(event);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns how late an event is reported. A call has the time of its entry, but is reported at its
   * return.
   */
  private static long lateNanos(Event event) {
    return SensorContexts.of(event)
        .filter(context -> context.callTimeNanos() != 0 && context.returnTimeNanos() != 0)
        .map(context -> Math.max(0, context.returnTimeNanos() - context.callTimeNanos()))
        .orElse(0L);
  }

  @Override
  public void onBadLine(BadLine line) {
    badLines.accept(line);
  }

  /** Returns the last time that the pipeline received; 0 before the first event. */
  long nowNanos() {
    return clocks.now();
  }

  /** Returns the number of canary calls. */
  long canaries() {
    return canaries;
  }
}

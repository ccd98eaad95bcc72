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
 * Hands a recording's events to a pipeline, by the clocks of the events. What an output throws
 * comes out as an {@link UncheckedIOException}, so that it is not taken for a failure of the input.
 *
 * <p>Canaries, which nothing can be loaded by, are counted and not handed on: other tools record
 * one each five seconds where an agent runs beside them. One thread.
 */
public final class RecordingFeed implements EventHandler {

  private final ReplayLoop loop;
  private final Consumer<BadLine> badLines;
  private final HostClocks clocks = new HostClocks();
  private long canaries;

  /**
   * Makes one.
   *
   * @param loop takes the events
   * @param badLines takes the lines that are none
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

  /** How long after its time it came: a call has the time of its entry, and comes at its return. */
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

  /** The time that the pipeline was told last; 0 before the first event. */
  long nowNanos() {
    return clocks.now();
  }

  /** How many canaries there were. */
  long canaries() {
    return canaries;
  }
}

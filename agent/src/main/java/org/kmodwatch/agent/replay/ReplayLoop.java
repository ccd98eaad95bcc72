package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.util.List;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.pipeline.Judged;
import org.kmodwatch.agent.pipeline.Pipeline;
import org.kmodwatch.agent.pipeline.Reporter;
import org.kmodwatch.core.event.Event;

/**
 * Processes a recording: judge, report, output. A fault of Kmodwatch ends the loop, because the
 * same recording would cause it again. Not thread-safe.
 */
public final class ReplayLoop {

  private final Pipeline pipeline;
  private final Reporter reporter;
  private final Output output;

  /** Creates the loop; {@code output} takes the notices. */
  public ReplayLoop(Pipeline pipeline, Reporter reporter, Output output) {
    this.pipeline = pipeline;
    this.reporter = reporter;
    this.output = output;
  }

  /**
   * Judges and writes one event, and the records that it completes.
   *
   * @throws IOException if the output fails
   */
  void accept(Event event) throws IOException {
    write(pipeline.accept(event));
  }

  /**
   * Advances the clock, as {@link Pipeline#tick(long, long, long)} does.
   *
   * @throws IOException if the output fails
   */
  void tick(long nowNanos, long aheadNanos, long wallNanos) throws IOException {
    writeNotices(reporter.tick(nowNanos));
    write(pipeline.tick(nowNanos, aheadNanos, wallNanos));
  }

  /** Returns whether no load waits for another event. */
  boolean isQuiescent() {
    return pipeline.isQuiescent();
  }

  /**
   * Writes all buffered output.
   *
   * @throws IOException if the output fails
   */
  void flush() throws IOException {
    output.flush();
  }

  /**
   * Completes all open loads, and ends the loop.
   *
   * @throws IOException if the output fails
   */
  public void finish() throws IOException {
    write(pipeline.finish());
    end();
  }

  /**
   * Ends the loop without records of open loads.
   *
   * @throws IOException if the output fails
   */
  void leave() throws IOException {
    write(pipeline.leave());
    end();
  }

  private void end() throws IOException {
    writeNotices(reporter.finish());
    flush();
    pipeline.close();
  }

  private void write(List<Judged> results) throws IOException {
    for (Judged judged : results) {
      switch (judged) {
        case Judged.OfEvent event -> writeNotices(reporter.report(event));
        case Judged.OfRecord record -> writeNotices(reporter.report(record));
        case Judged.Failed failed -> failed.raise();
      }
    }
  }

  private void writeNotices(List<Notice> notices) throws IOException {
    for (Notice notice : notices) {
      output.accept(notice);
    }
  }
}

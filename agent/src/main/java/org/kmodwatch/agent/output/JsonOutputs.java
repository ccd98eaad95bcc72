package org.kmodwatch.agent.output;

import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.write.EventWriter;
import org.kmodwatch.core.write.FindingWriter;
import org.kmodwatch.core.write.LoadWriter;

/** Creates the outputs that write events, findings and loads as JSON, one object a line. */
public final class JsonOutputs {

  private JsonOutputs() {}

  /**
   * Returns an output that writes every event of the source in the flat form to {@code out}, which
   * stays open.
   */
  public static Output events(OutputStream out) {
    var writer = new EventWriter();
    return new Lines(out) {
      @Override
      public void accept(Notice notice) throws IOException {
        if (notice instanceof Notice.OfEvent(Event event)) {
          writer.write(event, lines);
        }
      }
    };
  }

  /** Returns an output that writes every finding to {@code out}, which stays open. */
  public static Output findings(OutputStream out) {
    var writer = new FindingWriter();
    return new Lines(out) {
      @Override
      public void accept(Notice notice) throws IOException {
        if (notice instanceof Notice.OfFinding(Finding finding)) {
          writer.write(finding, lines);
        }
      }
    };
  }

  /** Returns an output that writes every load record to {@code out}, which stays open. */
  public static Output loads(OutputStream out) {
    var writer = new LoadWriter();
    return new Lines(out) {
      @Override
      public void accept(Notice notice) throws IOException {
        if (notice instanceof Notice.OfLoad(LoadRecord load)) {
          writer.write(load, lines);
        }
      }
    };
  }

  /** Returns an output that writes nothing. */
  public static Output none() {
    return new Lines(OutputStream.nullOutputStream()) {
      @Override
      public void accept(Notice notice) {
        // Nothing is written.
      }
    };
  }

  private abstract static class Lines implements Output {
    final OutputStream lines;

    Lines(OutputStream out) {
      this.lines = new WholeLines(out);
    }

    @Override
    public void flush() throws IOException {
      lines.flush();
    }
  }
}

package org.kmodwatch.agent.output;

import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.format.EventWriter;
import org.kmodwatch.core.format.FindingWriter;
import org.kmodwatch.core.format.LoadWriter;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/** Events, findings and loads as JSON, one object a line. */
public final class JsonOutputs {

  private JsonOutputs() {}

  /** Every event of the source in the flat form, to {@code out}, which stays open. */
  public static Output events(OutputStream out) {
    return new Lines(new WholeLines(out)) {
      private final EventWriter writer = new EventWriter();

      @Override
      public void event(Event event) throws IOException {
        writer.write(event, out);
      }
    };
  }

  /** Every finding, to {@code out}, which stays open. */
  public static Output findings(OutputStream out) {
    return new Lines(new WholeLines(out)) {
      private final FindingWriter writer = new FindingWriter();

      @Override
      public void finding(Finding finding) throws IOException {
        writer.write(finding, out);
      }
    };
  }

  /** Every load record, to {@code out}, which stays open. */
  public static Output loads(OutputStream out) {
    return new Lines(new WholeLines(out)) {
      private final LoadWriter writer = new LoadWriter();

      @Override
      public void load(LoadRecord load) throws IOException {
        writer.write(load, out);
      }
    };
  }

  /** Nothing. */
  public static Output none() {
    return new Lines(OutputStream.nullOutputStream()) {};
  }

  /** Writes one kind of thing; each of these has all that was asked for in it. */
  private abstract static class Lines implements Output {
    final OutputStream out;

    Lines(OutputStream out) {
      this.out = out;
    }

    @Override
    public void finding(Finding finding) throws IOException {
      // Not asked for.
    }

    @Override
    public void event(Event event) throws IOException {
      // Not asked for.
    }

    @Override
    public void load(LoadRecord load) throws IOException {
      // Not asked for.
    }

    @Override
    public void alert(Alert alert) throws IOException {
      // Not asked for.
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }
  }
}

package org.kmodwatch.agent.output;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.format.EventWriter;
import org.kmodwatch.core.format.FindingWriter;
import org.kmodwatch.core.signature.Finding;

/** Events and findings as JSON, one object a line. */
public final class JsonOutputs {

  private JsonOutputs() {}

  /** Every event in the flat form, to {@code out}, which stays open. */
  public static Output events(OutputStream out) {
    return new Events(new BufferedOutputStream(out));
  }

  /** Every finding, to {@code out}, which stays open. */
  public static Output findings(OutputStream out) {
    return new Findings(new BufferedOutputStream(out));
  }

  private record Events(OutputStream out) implements Output {
    @Override
    public void finding(Finding finding) {
      // It is an event's finding, and the event follows.
    }

    @Override
    public void event(Event event) throws IOException {
      EventWriter.write(event, out);
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }
  }

  private record Findings(OutputStream out) implements Output {
    @Override
    public void finding(Finding finding) throws IOException {
      FindingWriter.write(finding, out);
    }

    @Override
    public void event(Event event) {
      // Only findings were asked for; each has its event in it.
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }
  }
}
